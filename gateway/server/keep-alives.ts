// Keep-alives: comments on quiet event streams, so that no proxy, balancer or client on the way takes them for dead.
import type { Slotted } from '../core/slots.ts';
import { Slots } from '../core/slots.ts';

/** A stream that can take a comment. */
export interface QuietStream extends Slotted {
  /** Monotonic ms of the last byte written. */
  readonly lastWriteAt: number;
  /** Writes a comment if the stream is between two events and its reader keeps up. */
  comment(): void;
}

/** One timer for all streams, running only while there are any. */
export class KeepAlives {
  readonly #streams = new Slots<QuietStream>();
  readonly #quietMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** A comment follows `quietMs` of silence, or a third later. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  add(stream: QuietStream): void {
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#check(), this.#quietMs / 3).unref();
  }

  delete(stream: QuietStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const quietSince = performance.now() - this.#quietMs;
    for (const stream of this.#streams) {
      if (stream.lastWriteAt <= quietSince) stream.comment();
    }
  }
}
