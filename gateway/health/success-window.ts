// The success window: how many of an endpoint's attempts went well in the last ten seconds.

const BUCKETS = 10;
const BUCKET_MS = 1000;

/** Ten one-second buckets in a ring (as linkerd's success-rate breaker keeps them). */
export class SuccessWindow {
  readonly #good = new Float64Array(BUCKETS);
  readonly #bad = new Float64Array(BUCKETS);
  #second = 0;

  note(good: boolean, now: number): void {
    this.#advance(now);
    const counts = good ? this.#good : this.#bad;
    (counts[this.#second % BUCKETS] as number)++;
  }

  /** True when at least `minimum` attempts ended lately and less than half of them went well. */
  mostlyBad(minimum: number, now: number): boolean {
    this.#advance(now);
    let good = 0;
    let bad = 0;
    for (let i = 0; i < BUCKETS; i++) {
      good += this.#good[i] as number;
      bad += this.#bad[i] as number;
    }
    return good + bad >= minimum && bad > good;
  }

  clear(): void {
    this.#good.fill(0);
    this.#bad.fill(0);
  }

  /** Empties the buckets of the seconds that have passed since the last call. */
  #advance(now: number): void {
    const second = Math.floor(now / BUCKET_MS);
    const passed = Math.min(BUCKETS, second - this.#second);
    for (let i = 0; i < passed; i++) {
      const bucket = (second - i) % BUCKETS;
      this.#good[bucket] = 0;
      this.#bad[bucket] = 0;
    }
    if (second > this.#second) this.#second = second;
  }
}
