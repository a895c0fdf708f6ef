// Traces: which messages leave something behind in an upstream session, and what a new session can be given of it.
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';

/** Whether a tool, by the upstream's own name, is known to change nothing. */
export type ReadsOnly = (tool: string) => boolean;

/** Requests that read, or whose effect can be made again in another session. */
const harmless: ReadonlySet<string> = new Set([
  Method.initialize,
  Method.initialized,
  Method.cancelled,
  Method.progress,
  Method.toolsList,
  Method.promptsGet,
  Method.resourcesRead,
  Method.ping,
  Method.setLevel,
  Method.subscribe,
  Method.unsubscribe,
  Method.promptsList,
  Method.resourcesList,
  Method.templatesList,
  Method.complete,
  Method.rootsChanged,
]);

/** Whether a message may leave state in its session that nobody but the upstream knows; what is unknown may. */
export function leavesTrace({ kind, method, name, items }: Envelope, readsOnly: ReadsOnly): boolean {
  if (kind === 'batch') return items.some((item) => leavesTrace(item, readsOnly));
  // A posted response belongs to a call that has been judged already.
  if (kind === 'response' || kind === 'none') return false;
  if (method === Method.toolsCall) return name === undefined || !readsOnly(name);
  return !harmless.has(method);
}

/** What a message asks the session to remember that can be asked again; undefined for most. */
export type Wish =
  | { readonly kind: 'level'; readonly level: string }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly uri: string };

const kinds: ReadonlyMap<string, Wish['kind']> = new Map([
  [Method.setLevel, 'level'],
  [Method.subscribe, 'subscribe'],
  [Method.unsubscribe, 'unsubscribe'],
]);

/** Reads the wish of a message from its body; parsed only for the three methods that have one. */
export function wishOf({ method }: Envelope, body: Buffer | undefined): Wish | undefined {
  const kind = kinds.get(method);
  if (kind === undefined || body === undefined) return undefined;
  const params = paramsOf(body);
  if (kind === 'level') {
    const level = params?.['level'];
    return typeof level === 'string' ? { kind, level } : undefined;
  }
  const uri = params?.['uri'];
  return typeof uri === 'string' ? { kind, uri } : undefined;
}

/** Longest `initialize` parameters that travel in a session id, in bytes: ids must fit into header lines. */
const MAX_HELLO_BYTES = 1024;

/** The parameters of an `initialize` as compact JSON; undefined when they are too long to be kept. */
export function helloOf(body: Buffer | undefined): string | undefined {
  const params = body === undefined ? undefined : paramsOf(body);
  if (params === undefined) return undefined;
  const { _meta, ...kept } = params;
  const hello = JSON.stringify(kept);
  return Buffer.byteLength(hello) > MAX_HELLO_BYTES ? undefined : hello;
}

function paramsOf(body: Buffer): Record<string, unknown> | undefined {
  try {
    const { params } = JSON.parse(body.toString('utf8'));
    return typeof params === 'object' && params !== null ? params : undefined;
  } catch {
    return undefined;
  }
}
