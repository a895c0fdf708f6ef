// Moved streams: those that a session has open where it no longer lives.
import type { Exchange } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Place } from './session-places.ts';

/** Ends the streams that a session has open elsewhere than at `place`, so that its client opens them anew. */
export function endMovedStreams(live: Iterable<Exchange>, nonce: string, { upstreamId }: Place): void {
  for (const x of live) {
    if (!x.stream || x.answeredAt === 0 || x.session?.nonce !== nonce) continue;
    if (x.session.upstreamId !== upstreamId) x.cancel(refusal('draining'));
  }
}
