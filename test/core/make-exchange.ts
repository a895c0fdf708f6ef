// Makes exchanges by hand, for the rooms that need no socket.
import { Exchange } from '../../gateway/core/exchange.ts';
import type { Principal } from '../../gateway/core/principal.ts';
import { readEnvelope } from '../../gateway/mcp/envelope-reader.ts';
import type { Era } from '../../gateway/mcp/eras/era.ts';
import { legacy } from '../../gateway/mcp/eras/legacy.ts';
import { Inbound } from '../../gateway/mcp/inbound.ts';

/** An exchange as it is once its body was read; `body` is JSON text or what to make it of, undefined for none. */
export function makeExchange(body?: unknown, headers: Partial<Inbound> = {}, era: Era = legacy): Exchange {
  const inbound = Object.assign(new Inbound(), { client: '192.0.2.1', path: '/mcp' }, headers);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = Buffer.from(text ?? '');
  const x = new Exchange(inbound, era, () => Promise.resolve(bytes), performance.now());
  if (text === undefined) return x;
  const envelope = readEnvelope(bytes);
  if ('problem' in envelope) throw new Error(envelope.problem);
  x.envelope = envelope;
  x.body = bytes;
  return x;
}

export function request(method: string, params: Record<string, unknown> = {}, id: number | string = 1) {
  return { jsonrpc: '2.0', id, method, params };
}

/** A caller whose sessions are bound to `binding`. */
export function caller(binding: string): Principal {
  return { id: binding, binding, policy: undefined };
}
