// Reads JSON in pieces of any size and tells of its tokens as they come; what a token is cut into is up to the pieces.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Told of each token, in order. White space between tokens is not told of. */
export interface TokenReader {
  /** `{` or `[`. */
  open(isObject: boolean): void;
  close(isObject: boolean): void;
  comma(): void;
  colon(): void;
  beginString(): void;
  /** Part of a string as it is written, escapes and all; may be cut anywhere. */
  stringPart(raw: Buffer): void;
  endString(): void;
  /** Part of a number, `true`, `false` or `null`. */
  scalar(raw: Buffer): void;
}

/** The tokenizer. It checks nothing but where strings end: what it reads has been or will be judged elsewhere. */
export class JsonTokens {
  readonly #reader: TokenReader;
  #inString = false;
  #escaped = false;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  push(chunk: Buffer): void {
    let pos = 0;
    while (pos < chunk.length) {
      pos = this.#inString ? this.#string(chunk, pos) : this.#token(chunk, pos);
    }
  }

  #string(chunk: Buffer, from: number): number {
    let pos = from;
    if (this.#escaped) {
      this.#escaped = false;
      pos++;
    }
    while (pos < chunk.length) {
      const c = chunk[pos];
      if (c === QUOTE) {
        if (pos > from) this.#reader.stringPart(chunk.subarray(from, pos));
        this.#inString = false;
        this.#reader.endString();
        return pos + 1;
      }
      pos += c === BACKSLASH ? 2 : 1;
    }
    this.#escaped = pos > chunk.length;
    this.#reader.stringPart(chunk.subarray(from));
    return chunk.length;
  }

  #token(chunk: Buffer, pos: number): number {
    const c = chunk[pos] as number;
    switch (c) {
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        break;
      case QUOTE:
        this.#inString = true;
        this.#reader.beginString();
        break;
      case 0x7b:
      case 0x5b:
        this.#reader.open(c === 0x7b);
        break;
      case 0x7d:
      case 0x5d:
        this.#reader.close(c === 0x7d);
        break;
      case 0x2c:
        this.#reader.comma();
        break;
      case 0x3a:
        this.#reader.colon();
        break;
      default:
        return this.#scalar(chunk, pos);
    }
    return pos + 1;
  }

  #scalar(chunk: Buffer, from: number): number {
    let pos = from + 1;
    while (pos < chunk.length && isScalar(chunk[pos] as number)) pos++;
    this.#reader.scalar(chunk.subarray(from, pos));
    return pos;
  }
}

/** Whether a byte can stand inside a number or a literal. */
function isScalar(c: number): boolean {
  return (
    (c >= 0x30 && c <= 0x39) ||
    (c >= 0x61 && c <= 0x7a) ||
    c === 0x2e ||
    c === 0x2b ||
    c === 0x2d ||
    c === 0x45
  );
}
