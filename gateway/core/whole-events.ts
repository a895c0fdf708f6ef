// Whole events: an editor of event streams that looks at the message of each event once the event is whole.
import { SseData, sseEvent } from '../mcp/sse-data.ts';
import type { EventEditor } from './edited-stream.ts';

/** What becomes of a message: another one, itself (the event then passes as it came), or undefined: it does not pass. */
export type MessageEdit = (message: Buffer) => Buffer | undefined;

/** Holds each event until it is whole. Events without data pass as they came. */
export class WholeEvents implements EventEditor {
  /** Events go out whole. */
  readonly midEvent = false;
  readonly #edit: MessageEdit;
  readonly #unfinished: 'pass' | 'drop';
  #held: Buffer[] = [];

  /** `unfinished`: what becomes of an event in which the stream breaks off. */
  constructor(edit: MessageEdit, unfinished: 'pass' | 'drop') {
    this.#edit = edit;
    this.#unfinished = unfinished;
  }

  piece(piece: Buffer, ends: boolean, write: (bytes: Buffer) => void): void {
    this.#held.push(piece);
    if (!ends) return;
    const raw = Buffer.concat(this.#held);
    this.#held = [];
    const data: Buffer[] = [];
    const event = new SseData((bytes) => data.push(bytes));
    event.push(raw);
    const message = Buffer.concat(data);
    const edited = message.length === 0 ? message : this.#edit(message);
    if (edited !== undefined) write(edited === message ? raw : sseEvent(event.other, edited));
  }

  flush(write: (bytes: Buffer) => void): void {
    if (this.#unfinished === 'pass') for (const bytes of this.#held) write(bytes);
    this.#held = [];
  }
}
