// Follows a server-sent event stream as its bytes pass: where events end, and what message each carries.
import { ReplyPeek } from './reply-peek.ts';

const LF = 0x0a;
const CR = 0x0d;
const newline = Buffer.from('\n');
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/** Which field a line is; `name` while that is still incomplete. */
type Field = 'start' | 'name' | 'data' | 'id' | 'skip';

/**
 * An incremental scanner for `text/event-stream` (WHATWG HTML, "Server-sent events"). Memory is constant whatever the
 * length of lines and events, since nothing is kept.
 */
export class SseScanner {
  /** The message of the event being read. */
  readonly message = new ReplyPeek();
  /** True between events, where a comment may be put in. */
  atBoundary = true;
  /** The last whole event left the client an id to come back with (WHATWG HTML, "last event ID buffer"). */
  resumable = false;
  readonly #onEvent: (message: ReplyPeek) => void;
  #field: Field = 'start';
  #name = '';
  #first = true;
  #hasId = false;
  #hasData = false;
  #afterCr = false;
  #skipSpace = false;

  constructor(onEvent: (message: ReplyPeek) => void) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    const length = chunk.length;
    let pos = 0;
    // Each is searched again only once passed, so that a chunk of nothing but line ends takes linear time.
    let cr = chunk.indexOf(CR);
    let lf = chunk.indexOf(LF);
    while (pos < length) {
      if (this.#afterCr) {
        this.#afterCr = false;
        if (chunk[pos] === LF) {
          pos++;
          continue;
        }
      }
      if (cr !== -1 && cr < pos) cr = chunk.indexOf(CR, pos);
      if (lf !== -1 && lf < pos) lf = chunk.indexOf(LF, pos);
      const end = lf === -1 ? (cr === -1 ? length : cr) : cr !== -1 && cr < lf ? cr : lf;
      if (end > pos) this.#text(chunk, pos, end);
      if (end === length) return;
      this.#endLine();
      this.#afterCr = end === cr;
      pos = end + 1;
    }
  }

  #text(chunk: Buffer, start: number, end: number): void {
    this.atBoundary = false;
    let pos = start;
    if (this.#field === 'start' || this.#field === 'name') pos = this.#fieldName(chunk, pos, end);
    if (this.#skipSpace && pos < end) {
      this.#skipSpace = false;
      if (chunk[pos] === 0x20) pos++;
    }
    if (this.#field === 'data' && pos < end) this.message.push(chunk.subarray(pos, end));
    if (this.#field === 'id' && pos < end) this.#hasId = true;
  }

  /** Reads the name up to the colon; returns where the value begins. */
  #fieldName(chunk: Buffer, start: number, end: number): number {
    this.#field = 'name';
    for (let pos = start; pos < end; pos++) {
      const c = chunk[pos] as number;
      if (c === 0x3a) {
        this.#setField();
        return pos + 1;
      }
      if (this.#name.length < 8) this.#name += String.fromCharCode(c);
    }
    return end;
  }

  #setField(): void {
    const name = this.#fieldText();
    this.#field = name === 'data' ? 'data' : name === 'id' ? 'id' : 'skip';
    this.#skipSpace = true;
    if (this.#field === 'id') this.#hasId = false;
    if (this.#field === 'data') {
      if (this.#hasData) this.message.push(newline);
      this.#hasData = true;
    }
  }

  /** A byte order mark before the first line is no part of it. */
  #fieldText(): string {
    const name = this.#name;
    return this.#first && name.startsWith(BYTE_ORDER_MARK) ? name.slice(BYTE_ORDER_MARK.length) : name;
  }

  #endLine(): void {
    if (this.#field === 'start') {
      if (this.#hasData && this.message.started) this.#onEvent(this.message);
      if (this.#hasData) this.message.reset();
      this.#hasData = false;
      this.resumable = this.#hasId;
      this.atBoundary = true;
    }
    // A line without a colon is a field of that name and no value.
    if (this.#field === 'name' && this.#fieldText() === 'id') this.#hasId = false;
    this.#first = false;
    this.#field = 'start';
    this.#name = '';
    this.#skipSpace = false;
  }
}
