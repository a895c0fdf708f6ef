// Cancelled calls: what a client of the sessionful era has cancelled keeps its server's time, but not its client's slot.
import type { Exchange } from '../core/exchange.ts';
import { callCancelled } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import type { LiveSessions } from './live-sessions.ts';

/**
 * The stage. The notice goes to the server that has the call; servers then send no answer (MCP 2025-11-25, cancellation), and
 * mostly leave the call's stream open, so that a client would be locked out by its own calls until their time is up. A
 * server may as well work on: everything else that bounds what is under way counts the call until it ends. `freeSlots` gives
 * back the client's own.
 */
export function cancelledCalls(sessions: LiveSessions, freeSlots: (x: Exchange) => void): Stage {
  return (next) => (x) => {
    const { envelope, session } = x;
    if (session === undefined || (envelope.method !== Method.cancelled && envelope.kind !== 'batch'))
      return next(x);
    const notices = envelope.kind === 'batch' ? envelope.items : [envelope];
    const ids = new Set(notices.map(cancelledBy));
    const calls = sessions.calls(session).filter(({ envelope: { id } }) => id !== undefined && ids.has(id));
    if (calls.length === 0) return next(x);
    // Of what waits no server knows. The notice may have to wait for the same thing, a connection, or have nowhere to go.
    const waiting = calls.filter(({ running }) => !running?.isUnderWay);
    for (const call of waiting) giveUp(call, freeSlots);
    if (waiting.length === calls.length && envelope.kind !== 'batch') return Promise.resolve(accepted());
    return next(x).then((reply) => {
      // What is with a server goes on there unless the notice has arrived.
      if (reply.status < 300) for (const call of calls) giveUp(call, freeSlots);
      return reply;
    });
  };
}

function cancelledBy({ method, requestId }: Envelope): string | undefined {
  return method === Method.cancelled ? requestId : undefined;
}

/** What waits to be sent, for the first time or again, need not be; what is with a server goes on without its client. */
function giveUp(call: Exchange, freeSlots: (x: Exchange) => void): void {
  if (call.closed || call.cancelled) return;
  call.cancelled = true;
  call.fetch?.forsake();
  if (call.running?.isUnderWay) freeSlots(call);
  else call.cancel(callCancelled);
}

/** What a notice is answered that no server need hear. */
function accepted(): Reply {
  return { status: 202, headers: [], body: null, sse: false, upstreamSession: undefined, refusal: undefined };
}
