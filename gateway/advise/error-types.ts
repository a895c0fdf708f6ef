// Error types: which failed calls say something about the servers, and which only about who called or how often.

/** Refusals and answers that the caller brought about. */
const callers = new Set([
  'unauthorized',
  'forbidden',
  'too_many_concurrent',
  'rate_limited',
  'body_too_large',
  'bad_request',
  'not_found',
  'method_not_allowed',
  'session_not_found',
  'overloaded',
  'draining',
  'cancelled',
  // JSON-RPC 2.0, 5.1: parse error, invalid request, method not found, invalid params.
  '-32700',
  '-32600',
  '-32601',
  '-32602',
]);

/** Whether a failed call counts against the servers. */
export function isServerFailure(errorType: string): boolean {
  return !callers.has(errorType);
}

export function isTimeout(errorType: string): boolean {
  return errorType === 'timeout';
}

/** An error type for people. */
export function nameOf(errorType: string): string {
  if (errorType === 'tool_error') return 'errors of the tool itself';
  if (errorType === 'timeout') return 'timeouts';
  if (errorType === 'upstream_failed') return 'broken connections or unusable answers';
  if (errorType === 'no_endpoint') return 'calls without an available endpoint';
  return /^-?\d+$/.test(errorType) ? `answers with code ${errorType}` : `\`${errorType}\``;
}
