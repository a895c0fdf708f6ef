// A strict JSON scanner over bytes (RFC 8259): walks a document without building it, under bounds of depth and size.

/** Bounds that a document must keep before anything is built from it. */
export interface ScanLimits {
  /** Nesting of arrays and objects. */
  readonly depth: number;
  /** Array elements and object keys in all. */
  readonly elements: number;
}

const defaultScanLimits: ScanLimits = { depth: 64, elements: 100_000 };

/** What is wrong with a document; thrown inside a scan (without a stack: hostile input must be cheap) and caught at its edge. */
export class ScanProblem {
  readonly kind: 'syntax' | 'depth' | 'elements' | 'message';
  readonly message: string;
  constructor(kind: ScanProblem['kind'], message: string) {
    this.kind = kind;
    this.message = message;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** 1 for the bytes that stand for themselves inside a string; one look-up for each byte of a body is all they cost. */
const plainBytes = new Uint8Array(256).fill(1, 0x20);
plainBytes[QUOTE] = plainBytes[BACKSLASH] = 0;
const escapable = Buffer.from('"\\/bfnrt');

/** Walks one document. `pos` is the next byte; each method leaves it behind what it consumed. */
export class JsonScanner {
  readonly bytes: Buffer;
  pos = 0;
  /** The last key read by `nextKey`: its bytes without the quotes. */
  keyStart = 0;
  keyEnd = 0;
  keyEscaped = false;
  #elements = 0;
  readonly #limits: ScanLimits;

  constructor(bytes: Buffer, limits: ScanLimits = defaultScanLimits) {
    this.bytes = bytes;
    this.#limits = limits;
  }

  fail(): never {
    const what = this.pos >= this.bytes.length ? 'the text ends too early' : `at byte ${this.pos}`;
    throw new ScanProblem('syntax', `Not JSON: ${what}`);
  }

  /** The next byte after white space, not consumed; -1 at the end. */
  peek(): number {
    const bytes = this.bytes;
    let pos = this.pos;
    let c = bytes[pos];
    while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++pos];
    this.pos = pos;
    return c ?? -1;
  }

  /** Nothing but white space may follow. */
  finish(): void {
    if (this.peek() !== -1) this.fail();
  }

  /** Enters an object or array whose opening byte is next. */
  open(depth: number): void {
    if (depth > this.#limits.depth) {
      throw new ScanProblem('depth', `Nested deeper than ${this.#limits.depth} levels`);
    }
    this.pos++;
  }

  count(): void {
    if (++this.#elements > this.#limits.elements) {
      throw new ScanProblem('elements', `More than ${this.#limits.elements} array elements and object keys`);
    }
  }

  /** Moves to the value of the next key of an object that is open; false, behind the brace, when there is none. */
  nextKey(first: boolean): boolean {
    let c = this.peek();
    if (c === CLOSE_BRACE && first) {
      this.pos++;
      return false;
    }
    if (!first) {
      if (c === CLOSE_BRACE) {
        this.pos++;
        return false;
      }
      if (c !== COMMA) this.fail();
      this.pos++;
      c = this.peek();
    }
    if (c !== QUOTE) this.fail();
    this.count();
    this.keyStart = this.pos + 1;
    this.keyEscaped = this.string();
    this.keyEnd = this.pos - 1;
    if (this.peek() !== COLON) this.fail();
    this.pos++;
    this.peek();
    return true;
  }

  /** Moves to the next element of an array that is open; false, behind the bracket, when there is none. */
  nextElement(first: boolean): boolean {
    const c = this.peek();
    if (c === CLOSE_BRACKET) {
      this.pos++;
      return false;
    }
    if (!first) {
      if (c !== COMMA) this.fail();
      this.pos++;
      if (this.peek() === CLOSE_BRACKET) this.fail();
    }
    this.count();
    return true;
  }

  /**
   * Which of `names` (in ASCII) the last key is; -1 when it is none. Compared where it lies, since making a text of each
   * key costs more than the rest of the scan. An escaped key is decoded, so that it cannot hide behind its spelling.
   */
  keyAmong(names: readonly string[]): number {
    if (this.keyEscaped) return names.indexOf(this.key());
    const length = this.keyEnd - this.keyStart;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (name.length === length && this.#keyIs(name)) return i;
    }
    return -1;
  }

  #keyIs(name: string): boolean {
    for (let i = 0; i < name.length; i++) {
      if (this.bytes[this.keyStart + i] !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Text of the last key. */
  key(): string {
    if (this.keyEscaped) return String(JSON.parse(this.slice(this.keyStart - 1, this.keyEnd + 1)));
    return this.slice(this.keyStart, this.keyEnd);
  }

  slice(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end);
  }

  /** Consumes any value; `depth` is the nesting of what holds it. */
  value(depth: number): void {
    const c = this.peek();
    if (c === QUOTE) this.string();
    else if (c === OPEN_BRACE) {
      this.open(depth + 1);
      for (let first = true; this.nextKey(first); first = false) this.value(depth + 1);
    } else if (c === OPEN_BRACKET) {
      this.open(depth + 1);
      for (let first = true; this.nextElement(first); first = false) this.value(depth + 1);
    } else if (c === 0x74) this.#literal('true');
    else if (c === 0x66) this.#literal('false');
    else if (c === 0x6e) this.#literal('null');
    else this.#number(c);
  }

  /** Consumes a string whose quote is next; true when it holds an escape. */
  string(): boolean {
    const bytes = this.bytes;
    const length = bytes.length;
    let pos = this.pos + 1;
    let escaped = false;
    while (pos < length) {
      while (plainBytes[bytes[pos] as number] === 1) pos++;
      const c = bytes[pos];
      if (c === QUOTE) {
        this.pos = pos + 1;
        return escaped;
      }
      if (c !== BACKSLASH) break;
      escaped = true;
      pos = this.#escape(pos + 1);
    }
    this.pos = pos;
    return this.fail();
  }

  #escape(pos: number): number {
    const c = this.bytes[pos];
    if (c === 0x75) {
      for (let i = 1; i <= 4; i++) {
        const h = this.bytes[pos + i] ?? 0;
        const hex = (h >= 0x30 && h <= 0x39) || (h >= 0x41 && h <= 0x46) || (h >= 0x61 && h <= 0x66);
        if (!hex) {
          this.pos = pos + i;
          this.fail();
        }
      }
      return pos + 5;
    }
    if (c === undefined || !escapable.includes(c)) {
      this.pos = pos;
      this.fail();
    }
    return pos + 1;
  }

  #literal(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.pos + i] !== word.charCodeAt(i)) this.fail();
    }
    this.pos += word.length;
  }

  #digits(): void {
    const start = this.pos;
    let c = this.bytes[this.pos] ?? 0;
    while (c >= 0x30 && c <= 0x39) c = this.bytes[++this.pos] ?? 0;
    if (this.pos === start) this.fail();
  }

  #number(first: number): void {
    if (first === 0x2d) this.pos++;
    if (this.bytes[this.pos] === 0x30) this.pos++;
    else this.#digits();
    if (this.bytes[this.pos] === 0x2e) {
      this.pos++;
      this.#digits();
    }
    const e = this.bytes[this.pos];
    if (e === 0x65 || e === 0x45) {
      this.pos++;
      const sign = this.bytes[this.pos];
      if (sign === 0x2b || sign === 0x2d) this.pos++;
      this.#digits();
    }
  }
}
