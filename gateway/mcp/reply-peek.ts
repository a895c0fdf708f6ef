// Looks at an answer while its bytes pass: which id it answers, whether it failed, whether it is whole; holds no bytes.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/**
 * Captured texts are ids, method names and codes: anything longer is cut, so that no answer can make the peek grow. An
 * id of the longest kind fits even where the upstream spells each of its bytes as an escape.
 */
const MAX_CAPTURE = 4096;
/** Bytes of a string that are looked at one by one before a native search takes over: most strings end sooner. */
const NEAR = 64;

/** 1 for the bytes of numbers, `true`, `false` and `null`: `NaN`, `Infinity` and HTML have others. */
const scalarBytes = new Uint8Array(256);
for (const byte of Buffer.from('+-.0123456789Eaeflnrstu')) scalarBytes[byte] = 1;

/** Sections of a message whose members are looked at. */
type Section = 'none' | 'result' | 'error';

/**
 * Reads one JSON-RPC message, fed in pieces of any size. It trusts the upstream to write JSON and checks only what a
 * proxy must know: the brackets balance, and the members below.
 */
export class ReplyPeek {
  /** Raw JSON text of the id. */
  id: string | undefined;
  method: string | undefined;
  hasResult = false;
  hasError = false;
  /** `error.code` as text. */
  errorCode: string | undefined;
  /** `result.isError` is true: the tool failed, the protocol did not. */
  isError = false;
  resultType: string | undefined;
  /** A whole document was read. */
  complete = false;
  /** Something that no JSON-RPC message holds: text after the document, a bracket too many, no object or array. */
  broken = false;
  #depth = 0;
  #rootIsObject = false;
  #section: Section = 'none';
  #sectionIsObject = false;
  #expectKey = false;
  #key = '';
  #inString = false;
  #escaped = false;
  #stringIsKey = false;
  #capturing = false;
  #captured = '';

  reset(): void {
    this.id = this.method = this.errorCode = this.resultType = undefined;
    this.hasResult = this.hasError = this.isError = this.complete = this.broken = false;
    this.#depth = 0;
    this.#rootIsObject = this.#sectionIsObject = this.#expectKey = false;
    this.#section = 'none';
    this.#key = this.#captured = '';
    this.#inString = this.#escaped = this.#stringIsKey = this.#capturing = false;
  }

  /** Whether any byte of a document has been seen. */
  get started(): boolean {
    return this.#depth > 0 || this.complete || this.broken;
  }

  push(chunk: Buffer): void {
    const length = chunk.length;
    let pos = 0;
    while (pos < length) {
      if (this.#inString) {
        pos = this.#string(chunk, pos);
        continue;
      }
      const c = chunk[pos] as number;
      switch (c) {
        case QUOTE:
          this.#beginString();
          break;
        case 0x7b:
        case 0x5b:
          this.#open(c === 0x7b);
          break;
        case 0x7d:
        case 0x5d:
          this.#endScalar();
          this.#close();
          break;
        case 0x2c:
          this.#endScalar();
          this.#expectKey = this.#watched();
          if (this.#depth === 0) this.broken = true;
          break;
        case 0x3a:
          this.#expectKey = false;
          this.#capturing = this.#watched() && this.#wanted();
          if (this.#depth === 0) this.broken = true;
          break;
        case 0x20:
        case 0x0a:
        case 0x0d:
        case 0x09:
          break;
        default:
          if (this.#depth === 0 || scalarBytes[c] === 0) this.broken = true;
          else if (this.#capturing && this.#captured.length < MAX_CAPTURE)
            this.#captured += String.fromCharCode(c);
      }
      pos++;
    }
  }

  /** Whether the container that is open is one whose members are looked at. */
  #watched(): boolean {
    return (this.#depth === 1 && this.#rootIsObject) || (this.#depth === 2 && this.#sectionIsObject);
  }

  #wanted(): boolean {
    const key = this.#key;
    if (this.#depth === 1) {
      this.#section = key === 'result' ? 'result' : key === 'error' ? 'error' : 'none';
      if (this.#section === 'result') this.hasResult = true;
      if (this.#section === 'error') this.hasError = true;
      return key === 'id' || key === 'method';
    }
    if (this.#section === 'error') return key === 'code';
    return key === 'isError' || key === 'resultType';
  }

  #open(isObject: boolean): void {
    this.#capturing = false;
    this.#depth++;
    if (this.#depth === 1) {
      if (this.complete) this.broken = true;
      this.#rootIsObject = isObject;
    } else if (this.#depth === 2) this.#sectionIsObject = isObject && this.#section !== 'none';
    this.#expectKey = isObject && this.#watched();
  }

  #close(): void {
    this.#depth--;
    if (this.#depth === 1) this.#sectionIsObject = false;
    else if (this.#depth === 0) this.complete = true;
    else if (this.#depth < 0) {
      this.#depth = 0;
      this.broken = true;
    }
    this.#expectKey = false;
  }

  #beginString(): void {
    if (this.#depth === 0) this.broken = true;
    this.#inString = true;
    this.#stringIsKey = this.#expectKey;
    if (this.#expectKey) {
      this.#captured = '';
      this.#capturing = true;
    } else if (this.#capturing) this.#captured = '"';
  }

  #string(chunk: Buffer, from: number): number {
    const end = closingQuote(chunk, this.#escaped ? from + 1 : from);
    const stop = Math.min(end, chunk.length);
    this.#escaped = end > chunk.length;
    if (this.#capturing && this.#captured.length < MAX_CAPTURE) {
      const room = MAX_CAPTURE - this.#captured.length;
      // One character for each byte, so that a chunk may end inside a UTF-8 sequence.
      this.#captured += chunk.toString('latin1', from, Math.min(stop, from + room));
    }
    if (end < chunk.length) this.#endString();
    return stop + 1;
  }

  #endString(): void {
    this.#inString = false;
    if (this.#stringIsKey) {
      this.#key = this.#captured;
      this.#capturing = false;
      this.#expectKey = false;
      this.#captured = '';
    } else if (this.#capturing) {
      this.#captured += '"';
      this.#endScalar();
    }
  }

  #endScalar(): void {
    if (!this.#capturing) return;
    this.#capturing = false;
    const raw = this.#captured;
    this.#captured = '';
    if (raw === '') return;
    if (this.#depth === 1) {
      if (this.#key === 'id') this.id = raw.startsWith('"') ? Buffer.from(raw, 'latin1').toString() : raw;
      else this.method = unquoted(raw);
    } else if (this.#section === 'error') this.errorCode = raw;
    else if (this.#key === 'isError') this.isError = raw === 'true';
    else this.resultType = unquoted(raw);
  }
}

function unquoted(raw: string): string | undefined {
  return raw.startsWith('"') ? raw.slice(1, -1) : undefined;
}

/** Where the string that `from` is inside of ends; the chunk's length when it does not, one more after a lone `\\`. */
function closingQuote(chunk: Buffer, from: number): number {
  const length = chunk.length;
  let pos = from;
  while (pos < length) {
    const near = Math.min(length, pos + NEAR);
    while (pos < near) {
      const c = chunk[pos];
      if (c === QUOTE) return pos;
      pos += c === BACKSLASH ? 2 : 1;
    }
    if (pos >= length) return pos;
    const quote = chunk.indexOf(QUOTE, pos);
    const end = quote === -1 ? length : quote;
    let slashes = 0;
    while (end - slashes > pos && chunk[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    pos = end + 1;
  }
  return pos;
}
