// Structured content while it is read: kept whole up to a limit, beyond it trimmed so that its shape stays.

/** How much over the limit the bare shape may be, in bytes; what is larger is replaced by an empty object. */
const SHAPE_BYTES = 64 * 1024;

/**
 * Reads what stands between the braces of `structuredContent`. Beyond the limit strings become empty and arrays end; keys,
 * numbers and literals stay, so that required members are there and have their types.
 */
export class StructuredContent {
  trimmed = false;
  readonly #limit: number;
  readonly #parts: string[] = [];
  #size = 0;
  #depth = 0;
  /** Depth of the array whose further elements are dropped; -1: none. */
  #dropping = -1;
  #string: string[] = [];
  #stringSize = 0;
  #stringRoom = 0;
  #gone = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The members that are left, as latin1 text of JSON bytes. */
  get text(): string {
    return this.#gone ? '' : this.#parts.join('');
  }

  open(isObject: boolean): void {
    this.#depth++;
    this.#write(isObject ? '{' : '[');
  }

  close(isObject: boolean): void {
    if (this.#dropping === this.#depth) this.#dropping = -1;
    this.#depth--;
    this.#write(isObject ? '}' : ']');
  }

  comma(inObject: boolean): void {
    if (!inObject && this.#isOver && this.#dropping === -1) {
      this.#dropping = this.#depth;
      this.trimmed = true;
    }
    this.#write(',');
  }

  colon(): void {
    this.#write(':');
  }

  beginString(isKey: boolean): void {
    this.#string = [];
    this.#stringSize = 0;
    this.#stringRoom = this.#limit - this.#size + (isKey ? SHAPE_BYTES : 0);
  }

  /** A string is kept whole or not at all: an escape or a character must not be cut in two. */
  stringPart(raw: Buffer): void {
    this.#stringSize += raw.length;
    if (this.#stringSize <= this.#stringRoom) this.#string.push(raw.toString('latin1'));
  }

  endString(isKey: boolean): void {
    const fits = this.#stringSize <= this.#stringRoom;
    if (!fits) this.trimmed = true;
    if (!fits && isKey) this.#drop();
    this.#write(fits ? `"${this.#string.join('')}"` : '""');
  }

  scalar(raw: Buffer): void {
    this.#write(raw.toString('latin1'));
  }

  get #isOver(): boolean {
    return this.#size > this.#limit;
  }

  #write(text: string): void {
    if (this.#dropping !== -1 || this.#gone) return;
    this.#size += text.length;
    if (this.#size > this.#limit + SHAPE_BYTES) this.#drop();
    else this.#parts.push(text);
  }

  #drop(): void {
    this.#gone = this.trimmed = true;
    this.#parts.length = 0;
  }
}
