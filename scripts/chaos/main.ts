// `npm run chaos`: breaks upstreams, configurations and processes under load, and counts what callers notice.
import { Lab } from '../bench/lab.ts';
import { describeMachine, describeVersions } from '../bench/machine.ts';
import { choosePlacement } from '../bench/placement.ts';
import { say } from '../bench/tools.ts';
import { amplification } from './cases/amplification.ts';
import { blackHole } from './cases/black-hole.ts';
import { crossClient } from './cases/cross-client.ts';
import { drain } from './cases/drain.ts';
import { kill } from './cases/kill.ts';
import { reload } from './cases/reload.ts';
import { sessions } from './cases/sessions.ts';
import { soak } from './cases/soak.ts';
import { stop } from './cases/stop.ts';
import type { ChaosCase, Goal, Result } from './chaos-case.ts';
import type { Options } from './options.ts';
import { helpText, readOptions } from './options.ts';
import { toTable } from './table.ts';

const CASES: readonly ChaosCase[] = [
  kill,
  stop,
  blackHole,
  amplification,
  sessions,
  drain,
  reload,
  crossClient,
  soak,
];
/** Whatever hangs, the suite does not hold a machine for longer than this and what the soak was given. */
const LONGEST_RUN_MS = 2 * 60 * 60 * 1000;

/** A machine that does not run its processes for so long makes calls fail that nobody else broke; worth knowing. */
const STANDSTILL_MS = 1000;
const LOOK_MS = 100;

let lab: Lab | undefined;
let ending = false;

/** Runs the cases one after the other, each in a lab of its own, and returns the exit code. */
async function chaos({ cases, settings, json, assert }: Options): Promise<number> {
  // Several upstreams and proxies share the machine: pinning one of them to a core would say nothing.
  const placement = choosePlacement('none');
  const results: Result[] = [];
  const goals: Goal[] = [];
  const failures: string[] = [];
  for (const chaosCase of cases) {
    if (ending) break;
    lab = new Lab(placement);
    try {
      const outcome = await chaosCase.run(lab, settings);
      results.push(...outcome.results);
      goals.push(...outcome.goals.map(({ text, met }) => ({ text: `${chaosCase.name}: ${text}`, met })));
      failures.push(...outcome.failures);
    } finally {
      await lab.close();
    }
  }
  const document = {
    machine: describeMachine(placement),
    versions: describeVersions(),
    results,
    goals,
    failures,
  };
  process.stdout.write(json ? `${JSON.stringify(document, null, 1)}\n` : `${toTable(results, goals)}\n`);
  for (const failure of failures) say(`!! failed: ${failure}`);
  return failures.length > 0 || (assert && goals.some(({ met }) => !met)) ? 1 : 0;
}

/** Ends at once, but not without ending what was started. */
function leave(code: number): void {
  ending = true;
  say('!! the chaos suite is ended early');
  void (lab?.close() ?? Promise.resolve()).finally(() => process.exit(code));
}

/** Says so when this process was not run for a while, as on a machine that is paused or overloaded. */
function watchStandstills(): void {
  let lookedAt = performance.now();
  setInterval(() => {
    const lateMs = performance.now() - lookedAt - LOOK_MS;
    lookedAt = performance.now();
    if (lateMs > STANDSTILL_MS) say(`!! the machine stood still for ${(lateMs / 1000).toFixed(1)} s`);
  }, LOOK_MS).unref();
}

process.once('SIGINT', () => leave(130));
process.once('SIGTERM', () => leave(143));
watchStandstills();

try {
  const options = readOptions(process.argv.slice(2), CASES);
  if (options === undefined) process.stdout.write(helpText(CASES));
  else {
    setTimeout(leave, LONGEST_RUN_MS + options.settings.minutes * 60_000, 1).unref();
    process.exitCode = await chaos(options);
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
