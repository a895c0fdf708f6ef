// Ejection: how long an outlier stays out, and how many may be out at once.

/** The longest an ejection lasts, unless the first one is configured to be longer. */
const LONGEST_MS = 300_000;
/** Ejections differ by up to this share, so that gateways do not try an endpoint again all at the same moment. */
const JITTER = 0.2;

/** Counts an endpoint's ejections and says how long the next one lasts: twice as long each time. */
export class EjectionBackoff {
  #firstMs = 0;
  readonly #random: () => number;
  #count = 0;
  #lastMs = 0;
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Length of an ejection that begins now, in ms; `firstMs` where it is the first. An endpoint that was good for as long
   * as it was out starts anew.
   */
  next(firstMs: number, now: number): number {
    this.#firstMs = firstMs;
    if (now - this.#endedAt > this.#lastMs) this.#count = 0;
    return this.#lengthen();
  }

  /** Length of the further time out of an endpoint that has not shown that it is well, in ms. */
  again(): number {
    return this.#lengthen();
  }

  /** The endpoint is back. */
  ended(now: number): void {
    this.#endedAt = now;
  }

  #lengthen(): number {
    const longest = Math.max(LONGEST_MS, this.#firstMs);
    const fullMs = Math.min(longest, this.#firstMs * 2 ** Math.min(this.#count, 20));
    this.#count++;
    this.#lastMs = fullMs * (1 - JITTER + 2 * JITTER * this.#random());
    return this.#lastMs;
  }
}

/**
 * How many of `total` endpoints may be ejected at once: at most `percent`, yet one where that rounds to none, unless
 * none is what is asked for; never all of them.
 */
export function maxEjected(total: number, percent: number): number {
  if (percent === 0) return 0;
  return Math.min(total - 1, Math.max(1, Math.floor((total * percent) / 100)));
}
