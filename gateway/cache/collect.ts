// Collects an answer while it passes to the client, so that it can be kept once it is whole; the bytes are not held up.

import { PassedStream } from '../core/passed-stream.ts';
import type { Refusal } from '../core/refusal.ts';
import type { ByteStream } from '../core/reply.ts';
import { eventsOf } from '../mcp/sse-events.ts';

/** What an event stream may hold beside the answer itself, in bytes: progress and log messages. */
const NOTICES_BYTES = 256 * 1024;

/** Called once: with the body, or with undefined when it broke off or is larger than allowed. */
export type Collected = (body: Buffer | undefined) => void;

/** A stream of bytes that passes all on and keeps a copy, up to a bound. */
export class Collector extends PassedStream {
  readonly #maxBytes: number;
  #collected: Collected | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(source: ByteStream, maxBytes: number, collected: Collected) {
    super(source);
    this.#maxBytes = maxBytes + NOTICES_BYTES;
    this.#collected = collected;
  }

  override write(chunk: Uint8Array): boolean {
    if (this.#collected !== undefined) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#maxBytes) this.#done(undefined);
      else this.#chunks.push(chunk);
    }
    return super.write(chunk);
  }

  override end(): void {
    this.#done(this.#collected && Buffer.concat(this.#chunks));
    super.end();
  }

  override fail(why: Refusal): void {
    this.#done(undefined);
    super.fail(why);
  }

  #done(body: Buffer | undefined): void {
    const collected = this.#collected;
    this.#collected = undefined;
    this.#chunks = [];
    collected?.(body);
  }
}

/**
 * The one answer in a complete event stream (WHATWG HTML, "Server-sent events"); undefined when there is none, or when the
 * server asked the client something on the way: the answer then depends on what it was told.
 */
export function answerInEvents(stream: Buffer): Buffer | undefined {
  let answer: Buffer | undefined;
  for (const { data: text = '' } of eventsOf(stream.toString('utf8'))) {
    if (text.trim() === '') continue;
    const kind = kindOf(text);
    if (kind === 'notice') continue;
    if (kind !== 'answer' || answer !== undefined) return undefined;
    answer = Buffer.from(text);
  }
  return answer;
}

function kindOf(text: string): 'answer' | 'notice' | 'other' {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return 'other';
    if ('method' in message) return 'id' in message ? 'other' : 'notice';
    return 'result' in message ? 'answer' : 'other';
  } catch {
    return 'other';
  }
}
