// Reads the head of a client request into the fields that the gateway knows.
import type { IncomingMessage } from 'node:http';
import { Inbound } from '../mcp/inbound.ts';
import type { PeerReader } from './peer.ts';

/** A header that may come once; a second one means that two readers could see two requests (RFC 9110 §5.3). */
type Single = {
  [K in keyof Inbound]: string | undefined extends Inbound[K] ? K : never;
}[keyof Inbound];

const allFields: ReadonlyMap<string, Single> = new Map<string, Single>([
  ['host', 'host'],
  ['origin', 'origin'],
  ['content-type', 'contentType'],
  ['content-length', 'contentLength'],
  ['accept', 'accept'],
  ['authorization', 'authorization'],
  ['x-api-key', 'apiKey'],
  ['cache-control', 'cacheControl'],
  ['mcp-session-id', 'sessionId'],
  ['last-event-id', 'lastEventId'],
  ['mcp-protocol-version', 'protocolVersion'],
  ['mcp-method', 'mcpMethod'],
  ['mcp-name', 'mcpName'],
  ['traceparent', 'traceparent'],
  ['tracestate', 'tracestate'],
  ['baggage', 'baggage'],
  ['x-forwarded-for', 'xForwardedFor'],
  ['x-forwarded-proto', 'xForwardedProto'],
  ['x-forwarded-host', 'xForwardedHost'],
]);

/** What is read of a head. */
export interface HeadFields {
  readonly fields: ReadonlyMap<string, Single>;
  readonly traced: boolean;
}

/** What is read where context is propagated so; what is not read goes nowhere. */
export function headFields({ trace, baggage }: { trace: boolean; baggage: boolean }): HeadFields {
  const unread = new Set([...(trace ? [] : ['traceparent', 'tracestate']), ...(baggage ? [] : ['baggage'])]);
  return { fields: new Map([...allFields].filter(([name]) => !unread.has(name))), traced: trace };
}

/** List headers, whose repetition means a longer list. */
const lists: ReadonlySet<Single> = new Set<Single>([
  'accept',
  'cacheControl',
  'tracestate',
  'baggage',
  'xForwardedFor',
]);

/** What the request line asks for. */
export interface Target {
  /** Without query. */
  readonly path: string;
  /** Where the target is in absolute form; it then counts instead of the Host header (RFC 9112 §3.2.2). */
  readonly host: string | undefined;
}

const absolute = /^https?:\/\/([^/?#]*)(\/[^?#]*)?/i;

/** Reads the target of a request line. */
export function readTarget(url: string): Target {
  const query = url.indexOf('?');
  if (url.startsWith('/')) return { path: query === -1 ? url : url.slice(0, query), host: undefined };
  const [, host, path = '/'] = absolute.exec(url) ?? [];
  return host === undefined ? { path: url, host } : { path, host };
}

/** The inbound request of `req`, whose request line asks for `target`. */
export function readInbound(
  req: IncomingMessage,
  { path, host }: Target,
  peers: PeerReader,
  { fields, traced }: HeadFields,
): Inbound {
  const inbound = new Inbound();
  inbound.traced = traced;
  inbound.method = req.method ?? 'GET';
  inbound.path = path;
  const raw = req.rawHeaders;
  inbound.raw = raw;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    const field = fields.get(name);
    if (field !== undefined) set(inbound, field, name, value);
    else if (name.startsWith('mcp-param-')) setParam(inbound, name, value);
  }
  if (host !== undefined) inbound.host = host;
  peers.read(req, inbound);
  return inbound;
}

function set(inbound: Inbound, field: Single, name: string, value: string): void {
  const before = inbound[field];
  if (before === undefined) inbound[field] = value;
  else if (lists.has(field)) inbound[field] = `${before}, ${value}`;
  else inbound.repeated = name;
}

function setParam(inbound: Inbound, name: string, value: string): void {
  inbound.mcpParams ??= [];
  for (let i = 0; i < inbound.mcpParams.length; i += 2) {
    if (inbound.mcpParams[i] === name) inbound.repeated = name;
  }
  inbound.mcpParams.push(name, value);
}
