// The measurement of every case that is a closed loop of calls.
import type { Outcome, Settings } from './bench-case.ts';
import type { Contender } from './contenders.ts';
import type { Lab } from './lab.ts';
import { runCalls, writeRequests } from './load/run-calls.ts';
import { measureInTurns } from './rounds.ts';

/** Loads all contenders in turns at each concurrency, lowest first, and adds the rows to `outcome`. */
export async function measureCalls(
  lab: Lab,
  settings: Settings,
  caseName: string,
  concurrencies: readonly number[],
  contenders: readonly Contender[],
  outcome: Outcome,
): Promise<void> {
  for (const concurrency of settings.concurrencies ?? concurrencies) {
    const turns = contenders
      .filter((contender) => contender.concurrencies?.includes(concurrency) !== false)
      .map(({ name, running, requests }) => {
        const requestFile = writeRequests(lab, `${caseName}-${name}`, requests);
        return {
          subject: name,
          load: (seconds: number) =>
            runCalls(lab, running, { requestFile, connections: concurrency, seconds }),
        };
      });
    await measureInTurns(caseName, concurrency, turns, settings, outcome);
  }
}
