// Reads the answers to the gateway's own requests: whole, bounded, JSON or a stream of events.
import type { Dispatcher } from 'undici';
import { eventsOf } from '../mcp/sse-events.ts';
import { isEventStream, isJson } from './reply-headers.ts';

/** More than any list or health answer that the gateway asks for should take. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface OwnMessage {
  readonly id?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code?: number };
}

/** The JSON-RPC message that answers `id`; undefined when the body holds none. */
export async function readMessage(
  { headers, body }: Dispatcher.ResponseData,
  id: number | string | undefined,
): Promise<OwnMessage | undefined> {
  const type = headers['content-type'];
  const contentType = typeof type === 'string' ? type : undefined;
  const sse = isEventStream(contentType);
  if (id === undefined || !(sse || isJson(contentType))) {
    await body.dump();
    return undefined;
  }
  let text = '';
  let size = 0;
  body.setEncoding('utf8');
  for await (const chunk of body) {
    text += chunk as string;
    size += (chunk as string).length;
    if (size > MAX_BYTES) throw new Error('answered with more than expected');
    if (!sse) continue;
    // What is looked through is let go: else each chunk would have all before it looked through again.
    text = text.replaceAll('\r\n', '\n');
    const whole = text.lastIndexOf('\n\n') + 2;
    if (whole === 1) continue;
    const answer = answerIn(text.slice(0, whole), id);
    if (answer !== undefined) {
      body.destroy();
      return answer;
    }
    text = text.slice(whole);
  }
  return sse ? answerIn(text, id) : parse(text);
}

/** The answer among the events of `text`. */
function answerIn(text: string, id: number | string): OwnMessage | undefined {
  for (const { data } of eventsOf(text)) {
    const message = data === undefined ? undefined : parse(data);
    if (message?.id === id) return message;
  }
  return undefined;
}

function parse(text: string): OwnMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
