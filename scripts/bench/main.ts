// `npm run bench`: measures the gateway beside its baselines under the same load, in turns within one run.
import type { BenchCase, Goal, Result } from './bench-case.ts';
import { cacheHit } from './cases/cache-hit.ts';
import { passThrough } from './cases/pass-through.ts';
import { sessions } from './cases/sessions.ts';
import { signals } from './cases/signals.ts';
import { skew } from './cases/skew.ts';
import { sseRelay } from './cases/sse-relay.ts';
import { Lab } from './lab.ts';
import { describeMachine, describeVersions } from './machine.ts';
import type { Options } from './options.ts';
import { helpText, readOptions } from './options.ts';
import { choosePlacement } from './placement.ts';
import { toGoalLines, toTable } from './table.ts';
import { say } from './tools.ts';

const CASES: readonly BenchCase[] = [passThrough, signals, cacheHit, sseRelay, sessions, skew];
/** Whatever hangs, the bench does not hold a machine for longer. */
const LONGEST_RUN_MS = 60 * 60 * 1000;
/** Above this one-minute load, something else is running that will be in the figures. */
const BUSY_LOAD = 0.5;

let lab: Lab | undefined;
let ending = false;

/** Runs the cases one after the other, each in a lab of its own, and returns the exit code. */
async function bench({ cases, settings, placement: wanted, json, assert }: Options): Promise<number> {
  const placement = choosePlacement(wanted);
  const machine = describeMachine(placement);
  if (machine.load_before > BUSY_LOAD)
    say(`!! the machine is busy (load ${machine.load_before}): read ratios only`);
  const versions = describeVersions();
  const results: Result[] = [];
  const goals: Goal[] = [];
  const failures: string[] = [];
  for (const benchCase of cases) {
    if (ending) break;
    lab = new Lab(placement);
    try {
      const outcome = await benchCase.run(lab, settings);
      results.push(...outcome.results);
      goals.push(...outcome.goals.map(({ text, met }) => ({ text: `${benchCase.name} ${text}`, met })));
      failures.push(...outcome.failures);
    } finally {
      await lab.close();
    }
  }
  const settingsLine = `${settings.rounds} rounds of ${settings.seconds} s after ${settings.warmupSeconds} s of warm-up`;
  if (json)
    process.stdout.write(`${JSON.stringify({ machine, versions, results, goals, failures }, null, 1)}\n`);
  else {
    const about = [machine, versions].map((facts) =>
      Object.entries(facts)
        .map((fact) => fact.join(' '))
        .join(', '),
    );
    process.stdout.write(
      `${[...about, settingsLine, '', toTable(results), '', toGoalLines(goals)].join('\n')}\n`,
    );
  }
  for (const failure of failures) say(`!! failed: ${failure}`);
  return failures.length > 0 || (assert && goals.some(({ met }) => !met)) ? 1 : 0;
}

/** Ends at once, but not without ending what was started. */
function leave(code: number): void {
  ending = true;
  say('!! the bench is ended early');
  void (lab?.close() ?? Promise.resolve()).finally(() => process.exit(code));
}

process.once('SIGINT', () => leave(130));
process.once('SIGTERM', () => leave(143));
setTimeout(leave, LONGEST_RUN_MS, 1).unref();

try {
  const options = readOptions(process.argv.slice(2), CASES);
  if (options === undefined) process.stdout.write(helpText(CASES));
  else process.exitCode = await bench(options);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
