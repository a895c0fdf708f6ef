// Openings: sessions that the gateway has asked for and not yet been given, and which must be ended when they come too late.

/** How long those under way are waited for at the end, in ms. */
const PATIENCE_MS = 2000;

export class Openings {
  readonly #underWay = new Set<Promise<void>>();

  /** Resolves or rejects with `opening`, or rejects when `signal` aborts; `opening` goes on then. */
  async wait(opening: Promise<void>, signal: AbortSignal): Promise<void> {
    this.#underWay.add(opening);
    await Promise.race([opening.finally(() => this.#underWay.delete(opening)), aborted(signal)]);
  }

  /** Resolves when none is under way, or what was asked for does not come in time. */
  async over(): Promise<void> {
    if (this.#underWay.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([Promise.allSettled(this.#underWay), promise]);
    clearTimeout(timer);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
