// Refusals: every way in which the gateway itself says no, one row each; code, metrics and docs read this table.
import { ErrorCode } from '../mcp/error-codes.ts';

/** The machine word of a refusal: `data.reason` of the JSON-RPC error and the `reason` label of metrics. */
export type RefusalReason = keyof typeof refusals;

interface RefusalRow {
  /** HTTP status of the answer where its headers are still to be sent. */
  readonly status: number;
  /**
   * JSON-RPC error code. The standard's own codes where it has one for the fault; else the HTTP status, since new
   * codes must lie outside -32768..-32000 (MCP 2026-07-28, basic, "Error Codes").
   */
  readonly code: number;
  /** What the caller reads unless the refusal brings a text of its own. */
  readonly message: string;
  /** When it is worth trying again, in ms, unless the refusal knows better. */
  readonly retryAfterMs?: number;
}

/** What a refused client is told to wait: long enough for a call to end, or another gateway to be found. */
const SOON_MS = 1000;

export const refusals = {
  unauthorized: { status: 401, code: 401, message: 'A valid credential is required' },
  forbidden: { status: 403, code: 403, message: 'Not allowed' },
  too_many_concurrent: {
    status: 429,
    code: 429,
    message: 'Too many calls at once from this client',
    retryAfterMs: SOON_MS,
  },
  rate_limited: { status: 429, code: 429, message: 'Too many calls in too short a time' },
  body_too_large: { status: 413, code: 413, message: 'The request body is larger than this gateway accepts' },
  bad_request: { status: 400, code: ErrorCode.invalidRequest, message: 'Not a valid request' },
  unsupported_media_type: {
    status: 415,
    code: 415,
    message: 'A message is sent with the Content-Type application/json',
  },
  not_found: { status: 404, code: 404, message: 'There is no MCP endpoint at this path' },
  method_not_allowed: { status: 405, code: 405, message: 'This HTTP method is not served here' },
  session_not_found: {
    status: 404,
    code: 404,
    message: 'Session not found: start a new one with initialize',
  },
  overloaded: { status: 503, code: 503, message: 'The gateway is overloaded', retryAfterMs: SOON_MS },
  draining: { status: 503, code: 503, message: 'The gateway is shutting down', retryAfterMs: SOON_MS },
  no_endpoint: {
    status: 503,
    code: 503,
    message: 'No endpoint of the pool is available',
    retryAfterMs: SOON_MS,
  },
  upstream_failed: { status: 502, code: 502, message: 'The upstream server failed' },
  timeout: { status: 504, code: 504, message: 'The upstream server did not answer in time' },
  internal_error: {
    status: 500,
    code: ErrorCode.internalError,
    message: 'The gateway itself failed; its log says why',
  },
} as const satisfies Record<string, RefusalRow>;

/** The gateway's own no: an expected answer, returned and never thrown. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** When it is worth trying again, in ms; also sent as `Retry-After` in whole seconds. */
  readonly retryAfterMs?: number;
  /** Further answer headers, as name, value, name, value. */
  readonly headers?: readonly string[];
}

interface RefusalDetail {
  message?: string;
  code?: number;
  retryAfterMs?: number;
  headers?: readonly string[];
}

/** The value of `Retry-After`: whole seconds, never none (RFC 9110 §10.2.3). */
export function retryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/** Makes the refusal of one table row, with what this occasion adds to it. */
export function refusal(reason: RefusalReason, detail: RefusalDetail = {}): Refusal {
  const row = refusals[reason];
  return { reason, ...row, ...detail };
}

/** For a call that nobody waits for any more: nobody reads it. */
export const clientGone: Refusal = refusal('upstream_failed', { message: 'The client has gone' });

/** For a call that its client has cancelled: it gets no answer (MCP 2025-11-25, cancellation), merely its request an end. */
export const callCancelled: Refusal = {
  ...refusal('upstream_failed', { message: 'The client has cancelled the call' }),
  status: 202,
};

/**
 * JSON text of the message that ends the event stream of a cancelled call. Its client ignores it, and yet must see a result:
 * the official SDK 1.x resumes a stream with event ids that ends without one, even after an error.
 */
export function cancelledResult(id: string | undefined): string {
  const result = { content: [{ type: 'text', text: callCancelled.message }], isError: true };
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"result":${JSON.stringify(result)}}`;
}

/** What logs and metrics call it: that a client has gone is no fault of an upstream's. */
export function errorTypeOf(why: Refusal): string {
  return why === clientGone || why === callCancelled ? 'cancelled' : why.reason;
}

/**
 * The JSON-RPC error object of a refusal as text; `id` is the raw JSON text of the request's id, `null` where it has
 * none.
 */
export function refusalMessage(r: Refusal, id: string | null): string {
  const data =
    r.retryAfterMs === undefined
      ? { source: 'gateway', reason: r.reason }
      : { source: 'gateway', reason: r.reason, retry_after_ms: Math.ceil(r.retryAfterMs) };
  const error = JSON.stringify({ code: r.code, message: r.message, data });
  return `{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${error}}`;
}
