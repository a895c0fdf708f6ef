// Side by side: two subjects loaded at once on the same core, for differences smaller than what the machine's moods make.
import type { Outcome, Sample, Settings } from './bench-case.ts';
import { UNITS } from './bench-case.ts';
import type { Contender } from './contenders.ts';
import type { Lab } from './lab.ts';
import { runCalls, writeRequests } from './load/run-calls.ts';
import { say } from './tools.ts';

/** One round must be long enough for both to have their share of the core evenly. */
const ROUND_SECONDS = 3;

/** Adds a row for each of the two, and gives the CPU time of `other` by that of `base`: the median of all rounds. */
export async function cpuRatio(
  lab: Lab,
  { rounds, warmupSeconds }: Settings,
  caseName: string,
  concurrency: number,
  [base, other]: readonly [Contender, Contender],
  outcome: Outcome,
): Promise<number> {
  say(`${caseName} c=${concurrency}: ${base.name} and ${other.name} side by side`);
  const load = async (seconds: number): Promise<[number, number]> => {
    const samples = await Promise.all(
      [base, other].map(({ name, running, requests }): Promise<Sample> => {
        const requestFile = writeRequests(lab, `${caseName}-${name}`, requests);
        return runCalls(lab, running, { requestFile, connections: concurrency, seconds });
      }),
    );
    const [a = 0, b = 0] = samples.map(({ cpu_us_per_request: us }) => us);
    return [a, b];
  };
  await load(Math.max(1, warmupSeconds));
  const taken: [number, number][] = [];
  for (let round = 0; round < rounds; round += 1) taken.push(await load(ROUND_SECONDS));
  const ratio = median(taken.map(([a, b]) => b / a));
  const metric = 'cpu_us_per_request';
  const row = { case: caseName, concurrency, metric, unit: UNITS[metric] } as const;
  const [baseUs, otherUs] = [median(taken.map(([a]) => a)), median(taken.map(([, b]) => b))];
  outcome.results.push(
    { ...row, subject: base.name, value: rounded(baseUs) },
    { ...row, subject: other.name, value: rounded(otherUs), ratio_to: base.name, ratio: rounded(ratio) },
  );
  return ratio;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
