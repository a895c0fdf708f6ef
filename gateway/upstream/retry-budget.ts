// The retry budget: keeps retries a small share of all requests, so that they never amplify a general failure.

const BUCKETS = 10;
const BUCKET_MS = 1000;
/** Retries that may always be made within the window: a share of next to nothing would be nothing. */
const MIN_RETRIES = 3;

/** Requests and retries of the last ten seconds, in one-second buckets. */
export class RetryBudget {
  readonly #share: number;
  readonly #minimum: number;
  readonly #requests = new Float64Array(BUCKETS);
  readonly #retries = new Float64Array(BUCKETS);
  #second = 0;

  /** `percent` of the window's requests may be retries; 0 switches them off. */
  constructor(percent: number, minimum = MIN_RETRIES) {
    this.#share = percent / 100;
    this.#minimum = percent === 0 ? 0 : minimum;
  }

  /** Takes note of a request, at `now` in monotonic ms. */
  requested(now: number): void {
    this.#advance(now);
    (this.#requests[this.#second % BUCKETS] as number)++;
  }

  /** Takes one retry out of the budget; false when it is used up. */
  take(now: number): boolean {
    this.#advance(now);
    if (sum(this.#retries) + 1 > Math.max(this.#minimum, this.#share * sum(this.#requests))) return false;
    (this.#retries[this.#second % BUCKETS] as number)++;
    return true;
  }

  /** Empties the buckets of the seconds that have passed since the last call. */
  #advance(now: number): void {
    const second = Math.floor(now / BUCKET_MS);
    if (second <= this.#second) return;
    const passed = Math.min(BUCKETS, second - this.#second);
    for (let i = 0; i < passed; i++) {
      this.#requests[(second - i) % BUCKETS] = 0;
      this.#retries[(second - i) % BUCKETS] = 0;
    }
    this.#second = second;
  }
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (let i = 0; i < BUCKETS; i++) total += counts[i] as number;
  return total;
}
