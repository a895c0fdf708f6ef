// Token buckets in memory: one number for each client, answered at once.
import type { RateRule } from '../core/principal.ts';
import type { Buckets } from './rate-limit.ts';

/** Clients remembered before those with full buckets, who need not be, are forgotten. */
const MANY_CLIENTS = 10_000;

/**
 * The generic cell rate algorithm (ITU-T I.371): of a bucket it is enough to know when it will be full. Written here and
 * not taken from a library, whose counters in memory are fixed windows behind a promise and a timer each.
 */
export class MemoryBuckets implements Buckets {
  /** When each client's bucket will be full, in the clock's ms. */
  readonly #fullAt = new Map<string, number>();
  readonly #now: () => number;
  #sweepAt = MANY_CLIENTS;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  take(client: string, { perSecond, burst }: RateRule, count: number): number {
    const now = this.#now();
    const msPerToken = 1000 / perSecond;
    const fullAt = Math.max(now, this.#fullAt.get(client) ?? now) + count * msPerToken;
    const waitMs = fullAt - now - burst * msPerToken;
    // A hair of a millisecond is the clock's rounding, not a request too many.
    if (waitMs > 1e-6) return waitMs;
    if (this.#fullAt.size >= this.#sweepAt) this.#sweep(now);
    this.#fullAt.set(client, fullAt);
    return 0;
  }

  #sweep(now: number): void {
    for (const [client, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(client);
    this.#sweepAt = Math.max(MANY_CLIENTS, this.#fullAt.size * 2);
  }
}
