// Losses: which answers say that the session's upstream is gone, and whether the request can have been executed.
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';

/**
 * `unexecuted`: the upstream has not acted on the request; `unknown`: it may have; `not_found`: it says that something is
 * not there, which need not be the session.
 */
export type Loss = 'unexecuted' | 'unknown' | 'not_found';

/** What `reply` says of the session of `x`; undefined when it is an answer like any other. */
export function lossOf(x: Exchange, { refusal, status, body }: Reply): Loss | undefined {
  // Nobody waits for what could be had elsewhere.
  if (x.cancelled) return undefined;
  if (body !== null && !(body instanceof Uint8Array)) return undefined;
  // A server answers so for a session that it does not know (MCP 2025-11-25, transports, "Session Management"), and some do
  // for what they have executed. The answer does not tell: there are servers that give either the id of the request.
  if (refusal === undefined) return status === 404 ? 'not_found' : undefined;
  if (refusal.reason === 'session_not_found') return 'unexecuted';
  if (refusal.reason !== 'upstream_failed' || x.failure === undefined) return undefined;
  // The end of a connection, even of an idle one, does not say that the session is gone.
  if (x.failure.kind === 'reset') return 'unknown';
  return x.failure.sent ? undefined : 'unexecuted';
}
