// Recent durations: how long calls took lately, for what is decided by their 95th percentile.

const KEPT = 256;
/** Fewer say nothing of a 95th percentile. */
const ENOUGH = 32;
const SORT_EVERY = 32;

/** A ring of the last durations; the percentile is found anew every so many, not for each. */
export class RecentDurations {
  readonly #ring = new Float64Array(KEPT);
  #count = 0;
  /** In ms; undefined until enough calls have ended. */
  p95: number | undefined = undefined;

  note(tookMs: number): void {
    this.#ring[this.#count % KEPT] = tookMs;
    this.#count++;
    if (this.#count < ENOUGH || this.#count % SORT_EVERY !== 0) return;
    const sorted = this.#ring.slice(0, Math.min(this.#count, KEPT)).sort();
    this.p95 = sorted[Math.floor(sorted.length * 0.95)];
  }
}
