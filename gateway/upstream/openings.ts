// Openings: sessions that were asked for and have not come yet, or come too late and are being ended.

/** How long the answer to `initialize` is listened for, in ms, whoever still waits: the session that it brings must be ended. */
export const HEARD_MS = 10_000;
/** How long those under way are waited for at the end, in ms. */
const PATIENCE_MS = 2000;

export class Openings {
  readonly #underWay = new Set<Promise<unknown>>();

  /** Resolves or rejects with `opening`, or rejects when `signal` aborts; `opening` goes on then. */
  async wait(opening: Promise<void>, signal: AbortSignal): Promise<void> {
    this.follow(opening);
    await Promise.race([opening, aborted(signal)]);
  }

  /** Has `opening`, or the end of what it brought, waited for at the end. */
  follow(opening: Promise<unknown>): void {
    const over: Promise<unknown> = opening.then(noop, noop).then(() => this.#underWay.delete(over));
    this.#underWay.add(over);
  }

  /** Resolves when none is under way, or what was asked for does not come in time. */
  async over(): Promise<void> {
    if (this.#underWay.size === 0) return;
    let isLate = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, PATIENCE_MS);
    // What comes may have to be ended in its turn.
    while (this.#underWay.size > 0 && !isLate) await Promise.race([Promise.all(this.#underWay), promise]);
    clearTimeout(timer);
  }
}

function noop(): void {}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
