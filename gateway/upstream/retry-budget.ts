// The retry budget: keeps retries a small share of all requests, so that they never amplify a general failure.
import { SecondRing } from '../core/second-ring.ts';

/** Retries that may always be made within the window: a share of next to nothing would be nothing. */
const MIN_RETRIES = 3;

/** Requests and retries of the last ten seconds. */
export class RetryBudget {
  readonly #share: number;
  readonly #minimum: number;
  readonly #requests: SecondRing;
  readonly #retries: SecondRing;

  /**
   * `percent` of the window's requests may be retries; 0 switches them off. With `previous`, the budget before a reload,
   * it counts on the same counts: what was spent stays spent, and what ends under the old settings is seen under the new.
   */
  constructor(percent: number, previous?: RetryBudget) {
    this.#share = percent / 100;
    this.#minimum = percent === 0 ? 0 : MIN_RETRIES;
    this.#requests = previous === undefined ? new SecondRing() : previous.#requests;
    this.#retries = previous === undefined ? new SecondRing() : previous.#retries;
  }

  /** Takes note of a request, at `now` in monotonic ms. */
  requested(now: number): void {
    this.#requests.add(now);
  }

  /** Takes one retry out of the budget; false when it is used up. */
  take(now: number): boolean {
    const most = Math.max(this.#minimum, this.#share * this.#requests.total(now));
    if (this.#retries.total(now) + 1 > most) return false;
    this.#retries.add(now);
    return true;
  }
}
