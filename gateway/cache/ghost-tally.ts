// Ghost tallies: what the ghost knows of one tool, and which share of its keys it looks at.

/** The times to live that are tried, in ms. */
export const GHOST_TTLS_MS = [10_000, 60_000, 300_000] as const;

/**
 * What looking may cost in a second, in looks that find something new; hits are nearly free. The error of the estimates
 * goes by the square root: with so many it is two points in the worst case, where each key is asked once in a time to live.
 */
const BUDGET_PER_SECOND = 250;
/** Beyond this the second is not waited for. */
const BURST = 4 * BUDGET_PER_SECOND;
const MAX_HALVINGS = 20;
/** A tool that has been calm for so long has twice as many of its keys looked at. */
const CALM_MS = 60_000;
/** Results of a tool compared in a second in the long run, and at once after a calm. */
const COMPARED_PER_SECOND = 20;
const COMPARED_AT_ONCE = 200;

/** Misses of caches with each time to live; a key stands for as many as were not looked at. */
export interface Misses {
  readonly sure: number[];
  /** Calls of keys that were not watched for long enough to say. */
  readonly unsure: number[];
}

/** The counts of one tool. */
export class Tally {
  readonly pool: string;
  readonly tool: string;
  /** Makes the choice of keys another one for each tool. */
  readonly seed: number;
  calls = 0;
  /** Calls looked at closely. */
  looks = 0;
  /** Of the keys every second one is looked at, then every fourth, and so on. */
  halvings = 0;
  readonly client: Misses = { sure: [0, 0, 0], unsure: [0, 0, 0] };
  readonly public: Misses = { sure: [0, 0, 0], unsure: [0, 0, 0] };
  same = 0;
  different = 0;
  sameForOthers = 0;
  differentForOthers = 0;
  /** Since when the keys have been watched that are left out at so many halvings and more, less one. */
  readonly #watchedSince = new Float64Array(33).fill(Number.NEGATIVE_INFINITY);
  #second = Number.NEGATIVE_INFINITY;
  #calmSince = Number.POSITIVE_INFINITY;
  #spent = 0;
  #comparable = COMPARED_AT_ONCE;

  constructor(pool: string, tool: string, seed: number) {
    this.pool = pool;
    this.tool = tool;
    this.seed = seed;
  }

  /** Whether keys with this hash are looked at: whole keys are left out, never single calls of a key. */
  takes(hash: number): boolean {
    return Math.clz32(hash) >= this.halvings;
  }

  /** Since when keys with this hash have been watched without a break. */
  watchedSince(hash: number): number {
    return this.#watchedSince[Math.clz32(hash)] as number;
  }

  /** Pays for a look at `now` that found something new; fewer keys are looked at when it has become too much. */
  spend(now: number): void {
    this.#turn(now);
    if (++this.#spent < BURST) return;
    this.#halve(now);
    this.#spent = 0;
  }

  /** Whether a result may be compared at `now`. */
  compares(now: number): boolean {
    this.#turn(now);
    if (this.#comparable < 1) return false;
    this.#comparable--;
    return true;
  }

  /** Every call of a key is as one of so many. */
  get weight(): number {
    return 2 ** this.halvings;
  }

  /** Hits among all calls, for each time to live. */
  hits({ sure, unsure }: Misses): number[] {
    return sure.map((misses, i) => {
      const known = Math.max(1, this.calls - (unsure[i] as number));
      return Math.round(this.calls * Math.max(0, 1 - misses / known));
    });
  }

  #turn(now: number): void {
    const passed = now - this.#second;
    if (passed < 1000) return;
    const rate = (this.#spent * 1000) / passed;
    if (rate > BUDGET_PER_SECOND) this.#halve(now);
    else if (rate > BUDGET_PER_SECOND / 4) this.#calmSince = Number.POSITIVE_INFINITY;
    else if (this.#calmSince === Number.POSITIVE_INFINITY) this.#calmSince = now;
    else if (this.halvings > 0 && now - this.#calmSince >= CALM_MS) {
      this.halvings--;
      this.#watchedSince[this.halvings] = now;
      this.#calmSince = now;
    }
    this.#second = now;
    this.#spent = 0;
    const earned = (COMPARED_PER_SECOND * passed) / 1000;
    this.#comparable = Math.min(COMPARED_AT_ONCE, this.#comparable + earned);
  }

  #halve(now: number): void {
    this.halvings = Math.min(MAX_HALVINGS, this.halvings + 1);
    this.#calmSince = Number.POSITIVE_INFINITY;
    this.#second = now;
  }
}
