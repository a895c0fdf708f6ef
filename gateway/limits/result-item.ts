// One item of a tool result's content while it is read: what is kept of it, and how large it really is.
import { CharCount } from './char-count.ts';

const quote = Buffer.from('"');
/** Bytes of an item besides its text; what has more is left out. */
const MAX_REST = 64 * 1024;

/** Reads one item token by token; texts and blobs are cut at `limit` characters. */
export class ResultItem {
  /** Characters of its texts and blobs, kept or not. */
  chars = 0;
  /** Characters of its texts alone. */
  textChars = 0;
  /** A text or blob is longer than what is kept of it. */
  cut = false;
  /** There is so much besides texts and blobs that what is kept is no JSON. */
  broken = false;
  readonly #limit: number;
  readonly #parts: Buffer[] = [];
  #rest = 0;
  #key = '';
  #depth = 0;
  #expectKey = false;
  #isKey = false;
  #count: CharCount | undefined = undefined;
  #full = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes kept besides texts and blobs. */
  get size(): number {
    return this.#rest;
  }

  /** What is kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Whether the string being read is a text that a full result would hold. */
  get inText(): boolean {
    return this.#count !== undefined && this.#key === 'text';
  }

  open(isObject: boolean): void {
    this.#depth++;
    this.#expectKey = isObject;
    this.#keep(isObject ? '{' : '[');
  }

  /** True when the item is complete. */
  close(isObject: boolean): boolean {
    this.#depth--;
    this.#keep(isObject ? '}' : ']');
    return this.#depth === 0;
  }

  /** An object or an array goes on; which of them its owner knows. */
  comma(inObject: boolean): void {
    this.#expectKey = inObject;
    this.#keep(',');
  }

  colon(): void {
    this.#expectKey = false;
    this.#keep(':');
  }

  beginString(): void {
    this.#isKey = this.#expectKey;
    if (this.#isKey) this.#key = '';
    else if (isContent(this.#key)) this.#count = new CharCount();
    this.#full = false;
    this.#parts.push(quote);
  }

  stringPart(raw: Buffer): void {
    if (this.#isKey && this.#key.length < 64) this.#key += raw.toString('latin1');
    if (this.#count === undefined) return this.#keep(raw);
    const kept = this.#count.part(raw, this.#limit - this.chars);
    if (this.#full) return;
    this.#parts.push(kept === raw.length ? raw : raw.subarray(0, kept));
    if (kept < raw.length) this.#full = this.cut = true;
  }

  endString(): void {
    this.#parts.push(quote);
    if (this.#count === undefined) return;
    this.chars += this.#count.chars;
    if (this.#key === 'text') this.textChars += this.#count.chars;
    this.#count = undefined;
  }

  scalar(raw: Buffer): void {
    this.#keep(raw);
  }

  #keep(piece: string | Buffer): void {
    this.#rest += piece.length;
    if (this.#rest > MAX_REST) this.broken = true;
    else this.#parts.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  }
}

/** Members of content items that hold what a tool has to say, at whatever depth (MCP 2025-11-25, schema, ContentBlock). */
function isContent(key: string): boolean {
  return key === 'text' || key === 'data' || key === 'blob';
}
