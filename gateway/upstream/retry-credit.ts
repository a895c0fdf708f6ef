// Retry credit: makes retries that fail in their turn be paid for by later requests, whatever the budget would allow.

/** Failed retries that are free: a single unlucky one must not stop the next. */
const MOST_CREDIT = 3;

/**
 * The budget goes by the requests of the last seconds, so that a dying endpoint's many calls can all be made again at
 * once. In a general failure that would be a burst for nothing: from the first retry that fails, each further one needs
 * credit, which only requests earn, until one succeeds again. So failed retries never exceed the share of the requests
 * made meanwhile by more than a few.
 */
export class RetryCredit {
  readonly #share: number;
  #credit = MOST_CREDIT;
  #underWay = 0;
  #trusted = true;

  /** `share`: of all requests, from 0 to 1. */
  constructor(share: number) {
    this.#share = share;
  }

  requested(): void {
    this.#credit = Math.min(MOST_CREDIT, this.#credit + this.#share);
  }

  get allows(): boolean {
    return this.#trusted || this.#credit - this.#underWay >= 1;
  }

  began(): void {
    this.#underWay++;
  }

  ended(succeeded: boolean): void {
    this.#underWay--;
    this.#trusted = succeeded;
    if (!succeeded) this.#credit--;
  }
}
