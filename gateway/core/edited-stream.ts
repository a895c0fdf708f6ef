// Edited streams: an event stream whose events a stage may look at and replace on their way to the client.
import { SseSplitter } from '../mcp/sse-splitter.ts';
import { PassedStream } from './passed-stream.ts';
import type { Refusal } from './refusal.ts';
import type { ByteStream } from './reply.ts';

/** Edits events. It is given each event in pieces and writes what the client shall have of it. */
export interface EventEditor {
  /** Takes a piece; `write` sends bytes on, in order. */
  piece(piece: Buffer, ends: boolean, write: (bytes: Buffer) => void): void;
  /** The stream has ended within an event: what is held of it goes out as it came. */
  flush(write: (bytes: Buffer) => void): void;
  /** True while bytes of an unfinished event are already out. */
  readonly midEvent: boolean;
}

/** The stream `source` as `editor` leaves it. */
export class EditedStream extends PassedStream {
  readonly #editor: EventEditor;
  readonly #splitter: SseSplitter;
  #open = true;

  constructor(source: ByteStream, editor: EventEditor) {
    super(source);
    this.#editor = editor;
    const write = (bytes: Buffer) => this.#write(bytes);
    this.#splitter = new SseSplitter((piece, ends) => editor.piece(piece, ends, write));
  }

  override resume(): void {
    this.#open = true;
    super.resume();
  }

  override get atBoundary(): boolean {
    return !this.#editor.midEvent;
  }

  override write(chunk: Uint8Array): boolean {
    // Whoever writes has been resumed, if not by way of this stream.
    this.#open = true;
    this.#splitter.push(chunk as Buffer);
    return this.#open;
  }

  override end(): void {
    this.#editor.flush((bytes) => this.#write(bytes));
    super.end();
  }

  #write(bytes: Buffer): void {
    if (!super.write(bytes)) this.#open = false;
  }
}

/** Reads a stream to its end: its bytes, or why it broke. The producer bounds how many there can be. */
export function readWhole(stream: ByteStream): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    stream.start({
      write(chunk) {
        chunks.push(chunk);
        return true;
      },
      end: () => resolve(Buffer.concat(chunks)),
      fail: resolve,
    });
  });
}
