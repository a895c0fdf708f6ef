// A raw reader of one SSE response, event by event, with the chance to leave in the middle.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:http';
import type { SseEvent } from './sse-events.ts';
import { sseEvents } from './sse-events.ts';

/** An open event stream: `next` waits for an event, `leave` cuts the connection as a client that goes away does. */
export interface EventStream {
  status: number;
  headers: IncomingMessage['headers'];
  /** The next event; undefined once the stream has ended. Rejects after `withinMs` without either. */
  next(withinMs?: number): Promise<SseEvent | undefined>;
  /** What has arrived so far, comments included. */
  text(): string;
  leave(): void;
}

/** Opens a stream: a POST where there is a body, else a GET. Rejects when no status line came back. */
export function openEventStream(
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const bytes = body === undefined ? undefined : JSON.stringify(body);
  const defaults =
    bytes === undefined
      ? { accept: 'text/event-stream' }
      : { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: bytes === undefined ? 'GET' : 'POST',
      agent: false,
      headers: { ...defaults, ...headers },
    });
    call.on('error', reject);
    call.once('response', (response) => resolve(read(call, response)));
    call.end(bytes);
  });
}

function read(call: ClientRequest, response: IncomingMessage): EventStream {
  let text = '';
  let taken = 0;
  let closed = false;
  let wake = Promise.withResolvers<void>();
  const changed = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    changed();
  });
  response.on('error', () => undefined);
  response.once('close', () => {
    closed = true;
    changed();
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: () => text,
    leave: () => call.destroy(),
    async next(withinMs = 5000) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(new Error(`no event within ${withinMs} ms`)), withinMs);
      try {
        for (;;) {
          const event = sseEvents(text)[taken];
          if (event !== undefined) {
            taken++;
            return event;
          }
          if (closed) return undefined;
          await Promise.race([wake.promise, late.promise]);
        }
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
