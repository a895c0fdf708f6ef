// Collects a reply that the gateway itself asked for: reads it to its end, within bounds, and finds the answer in it.
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import { eventsOf } from '../mcp/sse-events.ts';

/** More than anybody wants to see in a page. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A JSON-RPC message. */
export type Message = Readonly<Record<string, unknown>>;

/** The message with this id in the reply of `x`; undefined when there is none. */
export async function collect(x: Exchange, { body, sse }: Reply, id: unknown): Promise<Message | undefined> {
  if (body === null) return undefined;
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : await readAll(x, body);
  // A stream that broke off ends in bare JSON: the refusal that was put in its place.
  const messages = sse ? eventsOf(text).map(({ data, raw }) => parse(data ?? raw)) : [parse(text)];
  return messages.find((message) => message !== undefined && 'id' in message && message['id'] === id);
}

function readAll(x: Exchange, body: ByteStream): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const sink: Sink = {
      write(chunk) {
        size += chunk.length;
        if (size > MAX_BYTES)
          x.cancel(refusal('upstream_failed', { message: 'The answer is too large to show' }));
        else chunks.push(Buffer.from(chunk));
        return true;
      },
      end: () => resolve(Buffer.concat(chunks).toString('utf8')),
      fail: (why: Refusal) => resolve(x.refusalText(why)),
    };
    body.start(sink);
  });
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
