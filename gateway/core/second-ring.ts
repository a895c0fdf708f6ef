// The second ring: a count of the last ten seconds, in buckets of one second.

const BUCKETS = 10;
const BUCKET_MS = 1000;

/** Counts what happened lately; what is older than the ring is forgotten. Times in ms of one clock, which does not go back. */
export class SecondRing {
  readonly #counts = new Float64Array(BUCKETS);
  #second = 0;

  /** Takes note of one more at `now`. */
  add(now: number): void {
    this.#advance(now);
    (this.#counts[this.#second % BUCKETS] as number)++;
  }

  /** How many there were in the ten seconds up to `now`. */
  total(now: number): number {
    this.#advance(now);
    let total = 0;
    for (let i = 0; i < BUCKETS; i++) total += this.#counts[i] as number;
    return total;
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** Empties the buckets of the seconds that have passed since the last call. */
  #advance(now: number): void {
    const second = Math.floor(now / BUCKET_MS);
    if (second <= this.#second) return;
    const passed = Math.min(BUCKETS, second - this.#second);
    for (let i = 0; i < passed; i++) this.#counts[(second - i) % BUCKETS] = 0;
    this.#second = second;
  }
}
