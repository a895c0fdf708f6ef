// Rates: how often each client may ask; the interface of what counts, and the stage that asks it.

import type { Exchange } from '../core/exchange.ts';
import type { ClientPolicy, RateRule } from '../core/principal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';

/** Token buckets, one for each client. */
export interface Buckets {
  /** Takes `count` tokens: 0, or the time in ms after which that many will be there. */
  take(client: string, rule: RateRule, count: number): number | Promise<number>;
}

/**
 * The stage; `policy` is that of clients whom the configuration does not name. A cache hit spends quota too. Answers and
 * notifications are free: who waits for them has been counted.
 */
export function rateLimit(buckets: Buckets, policy: ClientPolicy): Stage {
  return (next) => (x) => {
    const { rate } = x.principal.policy ?? policy;
    const count = requestsIn(x);
    if (rate === undefined || count === 0) return next(x);
    // More than a bucket holds would never pass; it passes when the bucket is full.
    const waitMs = buckets.take(x.principal.id, rate, Math.min(count, rate.burst));
    if (typeof waitMs === 'number') return proceed(x, next, rate, waitMs);
    return waitMs.then((ms) => proceed(x, next, rate, ms));
  };
}

function requestsIn({ envelope, stream }: Exchange): number {
  if (stream) return 1;
  if (envelope.kind === 'request') return 1;
  let count = 0;
  for (const item of envelope.items) if (item.kind === 'request') count++;
  return count;
}

function proceed(x: Exchange, next: Handler, { perSecond, burst }: RateRule, waitMs: number): Promise<Reply> {
  if (waitMs === 0) return next(x);
  const message = `At most ${perSecond} requests a second, ${burst} at once, for this client`;
  return Promise.resolve(x.refuse(refusal('rate_limited', { message, retryAfterMs: waitMs })));
}
