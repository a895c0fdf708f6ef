// Failure refusals: what callers are told when an attempt has failed and no other may be made.
import type { Exchange } from '../core/exchange.ts';
import type { Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';

/** The refusal that answers `x`. */
export function failureRefusal(x: Exchange, failure: Failure): Refusal {
  // The process that held the session is gone, and the session with it: 404 makes the client start a new one
  // (MCP 2025-11-25, transports, "Session Management").
  if (failure.refused && x.session !== undefined) return refusal('session_not_found');
  const { message, retryAfterMs, shortage } = failure;
  if (shortage !== undefined) return refusal('overloaded', { message });
  return refusal('upstream_failed', { message, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
