// Takes the pieces of one event apart: its data, and the other lines that go with it.

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const newline = Buffer.from('\n');
const DATA = 'data';
/** Names of fields are short; a longer one is none that means anything. */
const MAX_NAME = 8;
/** Other lines are ids and event names; what is longer than this is dropped. */
const MAX_OTHER = 4096;

/** Reads one event, fed in pieces of any size; data goes to `onData` as it comes. */
export class SseData {
  /** Complete lines other than data, each with a line feed. */
  other = '';
  readonly #onData: (bytes: Buffer) => void;
  #line: 'name' | 'space' | 'data' | 'other' = 'name';
  #name = '';
  #hasData = false;

  constructor(onData: (bytes: Buffer) => void) {
    this.#onData = onData;
  }

  push(piece: Buffer): void {
    let pos = 0;
    while (pos < piece.length) {
      if (this.#line === 'data') pos = this.#data(piece, pos);
      else this.#byte(piece[pos++] as number);
    }
  }

  #data(piece: Buffer, from: number): number {
    let end = piece.indexOf(LF, from);
    if (end === -1) end = piece.length;
    const cr = piece.subarray(from, end).indexOf(CR);
    if (cr !== -1) end = from + cr;
    if (end > from) this.#onData(piece.subarray(from, end));
    if (end < piece.length) this.#endLine();
    return end + 1;
  }

  #byte(c: number): void {
    if (c === LF || c === CR) return this.#endLine();
    if (this.#line === 'space') {
      this.#line = 'data';
      if (c !== SPACE) this.#onData(Buffer.of(c));
      return;
    }
    if (this.#line === 'name' && c === 0x3a && this.#name === DATA) {
      if (this.#hasData) this.#onData(newline);
      this.#hasData = true;
      this.#line = 'space';
      return;
    }
    if (this.#name.length < MAX_OTHER) this.#name += String.fromCharCode(c);
    if (this.#name.length > MAX_NAME) this.#line = 'other';
  }

  #endLine(): void {
    const isOther = this.#line === 'name' || this.#line === 'other';
    if (isOther && this.#name !== '' && this.#name !== DATA && this.#name.length < MAX_OTHER) {
      if (this.other.length < MAX_OTHER) this.other += `${this.#name}\n`;
    }
    this.#line = 'name';
    this.#name = '';
  }
}

/** An event of these other lines (as `SseData.other` has them) and this data, JSON on one line. */
export function sseEvent(other: string, data: Buffer): Buffer {
  const lines = data.includes(LF) ? data.toString('latin1').replaceAll('\n', '\ndata: ') : undefined;
  const text = lines === undefined ? data : Buffer.from(lines, 'latin1');
  return Buffer.concat([Buffer.from(`${other}data: `, 'latin1'), text, Buffer.from('\n\n')]);
}
