// Looks at an answer while its bytes pass: which id it answers, whether it failed, whether it is whole; holds no bytes.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Captured texts are ids, method names and codes: anything longer is cut, so that no answer can make the peek grow. */
const MAX_CAPTURE = 512;

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
          break;
        case 0x3a:
          this.#expectKey = false;
          this.#capturing = this.#watched() && this.#wanted();
          break;
        case 0x20:
        case 0x0a:
        case 0x0d:
        case 0x09:
          break;
        default:
          if (this.#depth === 0) this.broken = true;
          else if (this.#capturing) this.#capture(String.fromCharCode(c));
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
    const length = chunk.length;
    let pos = from;
    if (this.#escaped) {
      this.#escaped = false;
      pos++;
    }
    while (pos < length) {
      const c = chunk[pos];
      if (c === QUOTE) {
        if (this.#capturing) this.#capture(chunk.toString('utf8', from, pos));
        this.#endString();
        return pos + 1;
      }
      pos += c === BACKSLASH ? 2 : 1;
    }
    if (this.#capturing) this.#capture(chunk.toString('utf8', from, length));
    this.#escaped = pos > length;
    return length;
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

  #capture(text: string): void {
    if (this.#captured.length < MAX_CAPTURE) this.#captured += text;
  }

  #endScalar(): void {
    if (!this.#capturing) return;
    this.#capturing = false;
    const raw = this.#captured;
    this.#captured = '';
    if (raw === '') return;
    if (this.#depth === 1) {
      if (this.#key === 'id') this.id = raw;
      else this.method = raw.slice(1, -1);
    } else if (this.#section === 'error') this.errorCode = raw;
    else if (this.#key === 'isError') this.isError = raw === 'true';
    else this.resultType = raw.slice(1, -1);
  }
}
