// Headers of upstream requests: built from an allow-list, so that nothing of a client crosses unless named here.
import type { Exchange } from '../core/exchange.ts';
import type { TraceContext } from '../core/trace.ts';

/** What a pool adds to each request, and which client headers it lets through. */
export interface HeaderRules {
  /** The upstream's own credential and the like, as name, value, name, value. */
  readonly own: readonly string[];
  /** Lower-case names of client headers that may cross. */
  readonly forwarded: ReadonlySet<string>;
}

/** What the pool says itself (`own` as name, value, name, value) no client may say otherwise. */
export function headerRules(own: readonly string[], forwarded: ReadonlySet<string>): HeaderRules {
  const said = new Set(own.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  return { own, forwarded: new Set([...forwarded].filter((name) => !said.has(name))) };
}

/**
 * Headers that never cross by being named in `forward_headers`: hop-by-hop ones (RFC 9110 §7.6.1), those that frame the
 * message, the gateway's own session id, and what the gateway writes itself.
 */
const kept: ReadonlySet<string> = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'proxy-authorization',
    'te',
    'trailer',
  ],
  ...[
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'expect',
    'host',
    'content-length',
    'content-encoding',
  ],
  ...['accept', 'accept-encoding', 'content-type', 'last-event-id', 'traceparent', 'tracestate', 'baggage'],
  ...['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'forwarded', 'x-real-ip'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
]);

const DEFAULT_ACCEPT = 'application/json, text/event-stream';

/** Headers of the upstream request of `x`, as name, value, name, value; the connection adds Host and Content-Length. */
export function requestHeaders(x: Exchange, rules: HeaderRules, trace?: TraceContext): string[] {
  const { inbound } = x;
  const headers = ['accept', inbound.accept ?? DEFAULT_ACCEPT, 'accept-encoding', 'identity'];
  if (x.body !== undefined && inbound.contentType !== undefined) {
    headers.push('content-type', inbound.contentType);
  }
  x.era.pushHeaders(inbound, headers);
  if (x.session !== undefined) headers.push('mcp-session-id', x.session.upstreamId);
  const { traceparent, tracestate } = trace !== undefined && inbound.traced ? trace : inbound;
  if (traceparent !== undefined) headers.push('traceparent', traceparent);
  if (tracestate !== undefined) headers.push('tracestate', tracestate);
  if (inbound.baggage !== undefined) headers.push('baggage', inbound.baggage);
  for (let i = 0; i < inbound.forwarded.length; i++) headers.push(inbound.forwarded[i] as string);
  if (rules.forwarded.size > 0) pushForwarded(inbound.raw, rules.forwarded, headers);
  for (let i = 0; i < rules.own.length; i++) headers.push(rules.own[i] as string);
  return headers;
}

/** Headers of a request that the gateway makes itself for the client of `x`; `more` as name, value, name, value. */
export function ownRequestHeaders(x: Exchange, rules: HeaderRules, more: readonly string[]): string[] {
  const { forwarded, raw } = x.inbound;
  const headers = [
    'accept',
    DEFAULT_ACCEPT,
    'accept-encoding',
    'identity',
    'content-type',
    'application/json',
  ];
  headers.push(...more, ...forwarded);
  if (rules.forwarded.size > 0) pushForwarded(raw, rules.forwarded, headers);
  headers.push(...rules.own);
  return headers;
}

function pushForwarded(raw: readonly string[], names: ReadonlySet<string>, into: string[]): void {
  const options = connectionOptions(raw);
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (names.has(name) && !kept.has(name) && !options.includes(name)) into.push(name, raw[i + 1] as string);
  }
}

/** Headers that the client declares to be meant for this hop only. */
function connectionOptions(raw: readonly string[]): string[] {
  const options: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).toLowerCase() !== 'connection') continue;
    for (const option of (raw[i + 1] as string).split(',')) options.push(option.trim().toLowerCase());
  }
  return options;
}
