// Interleaved rounds: every subject has its turn in every round, so that a slow moment of the machine hits all alike.
import type { Metric, Outcome, Result, Sample, Settings } from './bench-case.ts';
import { UNITS } from './bench-case.ts';
import { say } from './tools.ts';

/** Figures of the others are divided by these, where they run. */
const BASELINES = ['node_floor', 'direct', 'nginx'];
const WITH_RATIO = new Set<Metric>([
  'requests_per_second',
  'events_per_second',
  'p50_us',
  'p99_us',
  'cpu_us_per_request',
  'cpu_us_per_event',
]);

/** One thing to measure: `load` runs it for some seconds and throws when it did not do its work. */
export interface Turn {
  subject: string;
  load(seconds: number): Promise<Sample>;
}

/** Warms every subject up, measures all in turns, and adds the rows to `outcome`. */
export async function measureInTurns(
  caseName: string,
  concurrency: number,
  turns: readonly Turn[],
  settings: Settings,
  outcome: Outcome,
  baselines: readonly string[] = BASELINES,
): Promise<void> {
  const samples = new Map<string, Sample[]>();
  const failed = new Set<string>();
  const take = async (turn: Turn, seconds: number, keep: boolean) => {
    if (failed.has(turn.subject)) return;
    try {
      const sample = await turn.load(seconds);
      if (keep) samples.set(turn.subject, [...(samples.get(turn.subject) ?? []), sample]);
    } catch (error) {
      failed.add(turn.subject);
      const reason = error instanceof Error ? error.message : String(error);
      outcome.failures.push(`${caseName} c=${concurrency} ${turn.subject}: ${reason}`);
    }
  };
  say(`${caseName} c=${concurrency}: ${turns.map(({ subject }) => subject).join(' ')}`);
  if (settings.warmupSeconds > 0) for (const turn of turns) await take(turn, settings.warmupSeconds, false);
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const turn of turns) await take(turn, settings.seconds, true);
  }
  outcome.results.push(...toResults(caseName, concurrency, samples, baselines));
}

/** Folds each subject's rounds into one figure a metric, and sets it beside the baselines. */
export function toResults(
  caseName: string,
  concurrency: number,
  samples: ReadonlyMap<string, readonly Sample[]>,
  baselines: readonly string[],
): Result[] {
  const figures = new Map([...samples].map(([subject, rounds]) => [subject, foldRounds(rounds)]));
  return [...figures].flatMap(([subject, figure]) =>
    (Object.entries(figure) as [Metric, number][]).flatMap(([metric, value]) => {
      const row = { case: caseName, subject, concurrency, metric, value: round(value), unit: UNITS[metric] };
      const rows = baselines.flatMap((baseline): Result[] => {
        const base = figures.get(baseline)?.[metric];
        if (baseline === subject || !base || !WITH_RATIO.has(metric)) return [];
        return [{ ...row, ratio_to: baseline, ratio: round(value / base) }];
      });
      return rows.length > 0 ? rows : [row];
    }),
  );
}

/**
 * The least disturbed round speaks: highest rate, lowest CPU time and median latency. The tail is the median round's,
 * because its lowest would hide what it is there to show; memory is the most that was seen.
 */
function foldRounds(rounds: readonly Sample[]): Sample {
  const folded: Sample = {};
  for (const metric of Object.keys(UNITS) as Metric[]) {
    const values = rounds.flatMap((sample) => sample[metric] ?? []).sort((a, b) => a - b);
    const [least] = values;
    if (least === undefined) continue;
    if (metric === 'p99_us') folded[metric] = values[values.length >> 1] ?? least;
    else if (metric.endsWith('_per_second') || metric === 'rss_bytes')
      folded[metric] = values.at(-1) ?? least;
    else folded[metric] = least;
  }
  return folded;
}

/** Four significant digits: more would claim a precision that no run has. */
function round(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}
