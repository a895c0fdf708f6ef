// The words of the chaos suite: what a case is, what it reports, and how long it may take.
import type { Lab } from '../bench/lab.ts';

/** One row of the `--json` document, in the bench's form; `ratio` is `value` divided by that of `ratio_to`. */
export interface Result {
  case: string;
  subject: string;
  concurrency?: number;
  metric: string;
  value: number;
  unit: Unit;
  ratio_to?: string;
  ratio?: number;
}

export type Unit =
  | 'calls'
  | 'ms'
  | 'share'
  | 'attempts'
  | 'sessions'
  | 'bytes'
  | 'reloads'
  | 'MB_per_hour'
  | '1';

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

/** How hard to try: `clients` call in a closed loop; `quick` is the short form, for tests. */
export interface Settings {
  readonly quick: boolean;
  readonly clients: number;
  /** How long the soak takes. */
  readonly minutes: number;
  /** How many calls `cross_client` makes. */
  readonly calls: number;
  /** Only these subjects when given. */
  readonly subjects?: readonly string[];
}

/** One way in which things break, and what callers notice of it. */
export interface ChaosCase {
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  run(lab: Lab, settings: Settings): Promise<Outcome>;
}

/** Collects the rows and goals of one case. */
export class Report implements Outcome {
  readonly results: Result[] = [];
  readonly goals: Goal[] = [];
  readonly failures: string[] = [];
  readonly name: string;
  readonly #clients: number;

  constructor(name: string, clients: number) {
    this.name = name;
    this.#clients = clients;
  }

  row(subject: string, metric: string, value: number, unit: Unit): void {
    const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
    this.results.push({
      case: this.name,
      subject,
      concurrency: this.#clients,
      metric,
      value: rounded,
      unit,
    });
  }

  goal(text: string, met: boolean): void {
    this.goals.push({ text, met });
  }

  failed(subject: string, error: unknown): void {
    this.failures.push(`${this.name} ${subject}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
