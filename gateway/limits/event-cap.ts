// The cap on event streams: events that cannot be over pass as they came, the one that may be is read and cut.
import type { EventEditor } from '../core/edited-stream.ts';
import { SseData, sseEvent } from '../mcp/sse-data.ts';

/** Reads one message and gives it back, cut where it is over. */
interface MessageCap {
  push(bytes: Buffer): void;
  message(): Buffer;
}

type Write = (bytes: Buffer) => void;

/** Holds each event until it is whole, but no more of it than `limit` bytes: beyond that it is read as it comes. */
export class EventCap implements EventEditor {
  /** Events go out whole. */
  readonly midEvent = false;
  readonly #limit: number;
  readonly #newCap: () => MessageCap;
  readonly #guard: (read: () => void) => void;
  #held: Buffer[] = [];
  #bytes = 0;
  #cap: MessageCap | undefined = undefined;
  #event: SseData | undefined = undefined;

  /** `guard` runs what may find the answer unusable. */
  constructor(limit: number, newCap: () => MessageCap, guard: (read: () => void) => void) {
    this.#limit = limit;
    this.#newCap = newCap;
    this.#guard = guard;
  }

  piece(piece: Buffer, ends: boolean, write: Write): void {
    this.#bytes += piece.length;
    if (this.#event !== undefined) this.#read(piece);
    else {
      this.#held.push(piece);
      if (this.#bytes > this.#limit) this.#open();
    }
    if (ends) this.#end(write);
  }

  flush(write: Write): void {
    if (this.#event === undefined) for (const piece of this.#held) write(piece);
  }

  #open(): void {
    const cap = this.#newCap();
    this.#cap = cap;
    this.#event = new SseData((bytes) => cap.push(bytes));
    for (const piece of this.#held) this.#read(piece);
    this.#held = [];
  }

  #read(piece: Buffer): void {
    this.#guard(() => this.#event?.push(piece));
  }

  #end(write: Write): void {
    if (this.#event === undefined || this.#cap === undefined) for (const piece of this.#held) write(piece);
    else write(sseEvent(this.#event.other, this.#cap.message()));
    this.#held = [];
    this.#bytes = 0;
    this.#event = undefined;
    this.#cap = undefined;
  }
}
