// Cancelled calls: what a client of the sessionful era has cancelled gets no answer, and holds nothing any more.
import type { Exchange } from '../core/exchange.ts';
import { callCancelled } from '../core/refusal.ts';
import type { Stage } from '../core/stage.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { MAX_ID_BYTES } from '../mcp/envelope-reader.ts';
import { Method } from '../mcp/methods.ts';

/** How long a server may still answer what was cancelled, in ms: it may have been done already. */
const GRACE_MS = 1000;

/**
 * The stage. The notice goes to the server as any other; servers then send no answer (MCP 2025-11-25, cancellation), and
 * mostly leave the call's stream open, so that its slot would be taken until the call's time is up. `live`: the exchanges
 * under way.
 */
export function cancelledCalls(live: Iterable<Exchange>): Stage {
  return (next) => (x) => {
    const { envelope, session, startedAt } = x;
    if (session === undefined || (envelope.method !== Method.cancelled && envelope.kind !== 'batch'))
      return next(x);
    const ids = (envelope.kind === 'batch' ? envelope.items : [envelope]).flatMap(cancelledBy);
    if (ids.length === 0) return next(x);
    const { nonce } = session;
    return next(x).then((reply) => {
      // A notice that has not arrived ends nothing.
      if (reply.status < 300) setTimeout(() => end(live, nonce, ids, startedAt), GRACE_MS).unref();
      return reply;
    });
  };
}

function cancelledBy({ method, requestId }: Envelope): string[] {
  return method === Method.cancelled && requestId !== undefined && requestId.length <= MAX_ID_BYTES
    ? [requestId]
    : [];
}

/** Ends the calls of a session that began before `before`, in monotonic ms. Whoever else waits for the answer asks anew. */
function end(live: Iterable<Exchange>, nonce: string, ids: readonly string[], before: number): void {
  for (const x of live) {
    const { id, kind } = x.envelope;
    if (x.session?.nonce !== nonce || x.startedAt >= before || x.stream) continue;
    if (kind === 'request' && id !== undefined && ids.includes(id)) x.cancel(callCancelled);
  }
}
