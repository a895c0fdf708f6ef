// The breaker: decides by the last outcomes whether Redis is still worth asking.

/** Timeouts in a row, and failures in a row, after which nothing is asked any more. */
const MAX_TIMEOUTS = 3;
const MAX_FAILURES = 5;

/** Counts outcomes in a row; timeouts weigh more, since each of them made a call wait. */
export class Breaker {
  #timeouts = 0;
  #failures = 0;

  succeeded(): void {
    this.#timeouts = this.#failures = 0;
  }

  /** Notes a failure; true when it is one too many. */
  failed(): boolean {
    return ++this.#failures >= MAX_FAILURES;
  }

  /** Notes an answer that did not come in time; true when it is one too many. */
  timedOut(): boolean {
    this.#failures++;
    return ++this.#timeouts >= MAX_TIMEOUTS || this.#failures >= MAX_FAILURES;
  }
}
