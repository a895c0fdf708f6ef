// Reads the answers to the gateway's own requests: whole, bounded, JSON or a stream of events.
import type { Dispatcher } from 'undici';
import { eventsOf } from '../mcp/sse-events.ts';
import { SseSplitter } from '../mcp/sse-splitter.ts';
import { isEventStream, isJson } from './reply-headers.ts';

/** What an answer to a check, or to what opens a session, may take at most, with all that comes before it. */
export const SMALL_BYTES = 1024 * 1024;
/** More than a page of any list that the gateway asks for should take. */
export const LIST_BYTES = 16 * 1024 * 1024;

/** An answer that says no more than that something is there. */
export class UnfitAnswer extends Error {
  readonly status: number;

  constructor(method: string, status: number) {
    super(`answered ${status} to ${method}`);
    this.status = status;
  }
}

/** A JSON-RPC answer to one of the gateway's own requests. */
export interface OwnAnswer {
  readonly status: number;
  readonly result: Record<string, unknown> | undefined;
  readonly errorCode: number | undefined;
  readonly session: string | undefined;
}

export interface OwnMessage {
  readonly id?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code?: number };
}

/**
 * The JSON-RPC message that answers `id`; undefined when the body holds none. Each byte is looked at once, however the body is
 * cut into pieces, since whoever answers may mean harm.
 */
export async function readMessage(
  { headers, body }: Dispatcher.ResponseData,
  id: number | string | undefined,
  maxBytes: number,
): Promise<OwnMessage | undefined> {
  const type = headers['content-type'];
  const contentType = typeof type === 'string' ? type : undefined;
  const sse = isEventStream(contentType);
  if (id === undefined || !(sse || isJson(contentType))) {
    await body.dump();
    return undefined;
  }
  const held = new HeldBytes();
  let answer: OwnMessage | undefined;
  const events = new SseSplitter((piece, ends) => {
    held.add(piece);
    if (ends) answer ??= answerIn(held.take(), id);
  });
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`answered with more than ${maxBytes / 1024 / 1024} MiB`);
    if (sse) events.push(chunk);
    else held.add(chunk);
    if (answer === undefined) continue;
    body.destroy();
    return answer;
  }
  return sse ? answerIn(held.take(), id) : parse(held.take());
}

/** Bytes until they are whole; pieces are copied together, since a million of single bytes would be a heap full of buffers. */
class HeldBytes {
  #bytes = Buffer.alloc(4096);
  #length = 0;

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** All of them as text; what comes then is something else. */
  take(): string {
    const text = this.#bytes.toString('utf8', 0, this.#length);
    this.#length = 0;
    return text;
  }
}

/** The answer, where `event` holds it. */
function answerIn(event: string, id: number | string): OwnMessage | undefined {
  for (const { data } of eventsOf(event)) {
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
