// The words of the bench: what a case is, what it reports, and how long it may measure.
import type { Lab } from './lab.ts';

/** Everything a result row can be about; the unit follows from it. */
export const UNITS = {
  requests_per_second: '1/s',
  events_per_second: '1/s',
  p50_us: 'us',
  p99_us: 'us',
  cpu_us_per_request: 'us',
  cpu_us_per_event: 'us',
  rss_bytes: 'bytes',
  slow_replica_share: 'share',
} as const;

export type Metric = keyof typeof UNITS;

/** What one round of one subject gave. */
export type Sample = Partial<Record<Metric, number>>;

/** One row of the `--json` document; `ratio` is `value` divided by that of `ratio_to` in the same run. */
export interface Result {
  case: string;
  subject: string;
  concurrency?: number;
  metric: Metric;
  value: number;
  unit: string;
  ratio_to?: string;
  ratio?: number;
}

/** A sentence the case must show, and whether this run showed it. */
export interface Goal {
  text: string;
  met: boolean;
}

/** What a case hands back: rows, goals, and what went wrong on the way (each a sentence). */
export interface Outcome {
  results: Result[];
  goals: Goal[];
  failures: string[];
}

/** How long and how often to measure, and what to leave out. */
export interface Settings {
  rounds: number;
  seconds: number;
  warmupSeconds: number;
  /** Replaces a case's own list when given. */
  concurrencies?: readonly number[];
  /** Only these subjects when given. */
  subjects?: readonly string[];
}

/** One question put to several subjects under the same load. */
export interface BenchCase {
  name: string;
  /** One line for `--help`. */
  about: string;
  run(lab: Lab, settings: Settings): Promise<Outcome>;
}
