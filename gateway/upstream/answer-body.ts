// Answer bodies: what has come of an answer, held until it is whole or until somebody reads it.
import type { Refusal } from '../core/refusal.ts';
import type { Sink } from '../core/reply.ts';
import { joined } from './answers.ts';

/** JSON answers up to this many bytes are held until whole, checked and sent at once; larger ones are passed on as they come. */
export const HOLD_BYTES = 64 * 1024;

/** The body of one answer. What is pushed to one that has a reader goes through. */
export class AnswerBody {
  /** Bytes that are held, or were until the reader came. */
  heldBytes = 0;
  #held: Buffer[] = [];
  #sink: Sink | undefined = undefined;
  #ending: Refusal | 'end' | undefined = undefined;

  /** False where the reader is slow. */
  push(chunk: Buffer): boolean {
    if (this.#sink !== undefined) return this.#sink.write(chunk);
    this.#held.push(chunk);
    this.heldBytes += chunk.length;
    return true;
  }

  /** All of an answer that nobody reads yet; null where it has no body. */
  whole(): Buffer | null {
    return this.heldBytes === 0 ? null : joined(this.#held);
  }

  /** Gives the reader what was held; false where it is slow. */
  start(sink: Sink): boolean {
    this.#sink = sink;
    let takesMore = true;
    for (const chunk of this.#held) takesMore = sink.write(chunk) && takesMore;
    this.#held = [];
    if (this.#ending !== undefined) close(sink, this.#ending);
    return takesMore;
  }

  /** Nothing more comes: it is complete, or broke off. */
  end(how: Refusal | 'end'): void {
    if (this.#sink === undefined) this.#ending = how;
    else close(this.#sink, how);
  }
}

function close(sink: Sink, how: Refusal | 'end'): void {
  if (how === 'end') sink.end();
  else sink.fail(how);
}
