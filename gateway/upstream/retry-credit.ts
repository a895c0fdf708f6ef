// Retry credit: makes retries that fail in their turn be paid for by later requests, whatever the budget would allow.

/** Failed retries that are free: a single unlucky one must not stop the next. */
const MOST_CREDIT = 3;

/** What is owed at the moment; the credits before and after a reload have one account. */
interface Account {
  credit: number;
  underWay: number;
  trusted: boolean;
}

/**
 * The budget goes by the requests of the last seconds, so that a dying endpoint's many calls can all be made again at
 * once. In a general failure that would be a burst for nothing: from the first retry that fails, each further one needs
 * credit, which only requests earn, until one succeeds again. So failed retries never exceed the share of the requests
 * made meanwhile by more than a few.
 */
export class RetryCredit {
  readonly #share: number;
  readonly #account: Account;

  /** `share`: of all requests, from 0 to 1. `previous`: the credit before a reload. */
  constructor(share: number, previous?: RetryCredit) {
    this.#share = share;
    this.#account =
      previous === undefined ? { credit: MOST_CREDIT, underWay: 0, trusted: true } : previous.#account;
  }

  requested(): void {
    const account = this.#account;
    account.credit = Math.min(MOST_CREDIT, account.credit + this.#share);
  }

  get allows(): boolean {
    const { credit, underWay, trusted } = this.#account;
    return trusted || credit - underWay >= 1;
  }

  began(): void {
    this.#account.underWay++;
  }

  /** `succeeded`: undefined where nobody waited any more to see. */
  ended(succeeded: boolean | undefined): void {
    const account = this.#account;
    account.underWay--;
    if (succeeded === undefined) return;
    account.trusted = succeeded;
    if (!succeeded) account.credit--;
  }
}
