// Makes replies by hand, for the stages that need no upstream.
import type { Reply } from '../../gateway/core/reply.ts';

/** A reply of status 200 without a body, but for `change`. */
export function makeReply(change: Partial<Reply> = {}): Reply {
  const nothing = { headers: [], body: null, sse: false, upstreamSession: undefined, refusal: undefined };
  return { status: 200, ...nothing, ...change };
}
