// The retry budget: keeps retries a small share of all requests, so that they never amplify a general failure.
import { SecondRing } from '../core/second-ring.ts';

/** Retries that may always be made within the window: a share of next to nothing would be nothing. */
const MIN_RETRIES = 3;

/** Requests and retries of the last ten seconds. */
export class RetryBudget {
  readonly #share: number;
  readonly #minimum: number;
  readonly #requests = new SecondRing();
  readonly #retries = new SecondRing();

  /** `percent` of the window's requests may be retries; 0 switches them off. */
  constructor(percent: number, minimum = MIN_RETRIES) {
    this.#share = percent / 100;
    this.#minimum = percent === 0 ? 0 : minimum;
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
