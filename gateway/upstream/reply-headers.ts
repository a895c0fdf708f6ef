// Headers of upstream answers: which of them reach the client.
import type { IncomingHttpHeaders } from 'node:http';

/**
 * An allow-list: cookies, credentials' challenges, session ids, CORS and hop-by-hop headers of an upstream are not the
 * client's business (RFC 9110 §7.6.1; MCP authorization, "Token passthrough").
 */
const passed = [
  'content-type',
  'cache-control',
  'retry-after',
  'allow',
  'mcp-protocol-version',
  'server-timing',
  'traceresponse',
  'x-request-id',
] as const;

/** The answer's headers for the client, as name, value, name, value. */
export function replyHeaders(upstream: IncomingHttpHeaders): string[] {
  const headers: string[] = [];
  for (const name of passed) {
    const value = upstream[name];
    if (typeof value === 'string') headers.push(name, value);
  }
  return headers;
}

export function isEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && /^text\/event-stream\s*(;|$)/i.test(contentType);
}

export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(?:[\w.+-]+\+)?json\s*(;|$)/i.test(contentType);
}

/** `Retry-After` in ms, where it is given in seconds (RFC 9110 §10.2.3); a date counts as a second. */
export function retryAfterMs(upstream: IncomingHttpHeaders): number | undefined {
  const value = upstream['retry-after'];
  if (value === undefined) return undefined;
  return /^\d{1,6}$/.test(value) ? Number(value) * 1000 : 1000;
}
