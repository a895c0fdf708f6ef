// Value hashes: numbers that tell JSON values apart well enough for statistics, at a small part of what a digest costs.

/** Deeper than any request that is let in. */
const MAX_DEPTH = 128;
const PRIME = 0x01000193;
const OTHER_PRIME = 0x9e3779b1;
const START = 0x811c9dc5 | 0;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const ARRAY_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;

/** Bytes at either end of long arguments that `sampleHash` looks at. */
const SAMPLE_BYTES = 32;

/** Spreads what went in over all bits (MurmurHash3's finalizer). */
export function spread(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A hash of some bytes, of the two ends only where they are many; costs less than 0.1 us. */
export function sampleHash(bytes: Buffer, start: number, end: number, seed: number): number {
  let h = START ^ seed;
  const long = end - start > 2 * SAMPLE_BYTES;
  const firstEnd = long ? start + SAMPLE_BYTES : end;
  for (let i = start; i < firstEnd; i++) h = Math.imul(h ^ (bytes[i] as number), PRIME);
  if (long) for (let i = end - SAMPLE_BYTES; i < end; i++) h = Math.imul(h ^ (bytes[i] as number), PRIME);
  return spread(h);
}

/** A hash of a text. */
export function textHash(text: string, seed: number): number {
  let h = START ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME);
  return spread(h);
}

/** What is kept of a value that encloses the one at hand: its hashes, its members' sums, whether it is an object. */
const FRAME = 5;

/**
 * Two independent hashes of a JSON value, 64 bits in all, in one pass over its bytes: white space and the order of members
 * make no difference, other spellings do. The bytes must be JSON within the depth that the envelope's reader allows.
 */
export class ValueHash {
  a = 0;
  b = 0;
  readonly #frames = new Int32Array(MAX_DEPTH * FRAME);
  #sumA = 0;
  #sumB = 0;
  #inObject = 0;

  read(bytes: Buffer, start: number, end: number): void {
    this.a = this.b = START;
    this.#sumA = this.#sumB = this.#inObject = 0;
    let frame = 0;
    for (let pos = start; pos < end; pos++) {
      const c = bytes[pos] as number;
      if (c === QUOTE) pos = this.#text(bytes, pos, end);
      else if (c === OBJECT || c === ARRAY) {
        this.#enter(frame, c);
        frame += FRAME;
      } else if (c === OBJECT_END || c === ARRAY_END) {
        frame -= FRAME;
        this.#leave(frame, c);
      } else if (c === COMMA && this.#inObject === 1) this.#member();
      else if (c > SPACE) this.#mix(c);
    }
    this.a = spread(this.a);
    this.b = spread(this.b);
  }

  #mix(value: number): void {
    this.a = Math.imul(this.a ^ value, PRIME);
    this.b = (Math.imul(this.b, OTHER_PRIME) + value) | 0;
  }

  /** Gives where the closing quote is. */
  #text(bytes: Buffer, start: number, end: number): number {
    let { a, b } = this;
    let pos = start;
    for (; pos < end; pos++) {
      const c = bytes[pos] as number;
      if (c === QUOTE && pos > start) break;
      a = Math.imul(a ^ c, PRIME);
      b = (Math.imul(b, OTHER_PRIME) + c) | 0;
      // What is escaped ends nothing.
      if (c === BACKSLASH) a = Math.imul(a ^ (bytes[++pos] as number), OTHER_PRIME);
    }
    this.a = Math.imul(a ^ QUOTE, PRIME);
    this.b = Math.imul(b, OTHER_PRIME) + (bytes[pos - 1] as number);
    return pos;
  }

  #enter(frame: number, c: number): void {
    this.#frames[frame] = this.a;
    this.#frames[frame + 1] = this.b;
    this.#frames[frame + 2] = this.#sumA;
    this.#frames[frame + 3] = this.#sumB;
    this.#frames[frame + 4] = this.#inObject;
    this.a = this.b = START;
    this.#sumA = this.#sumB = 0;
    this.#inObject = c === OBJECT ? 1 : 0;
  }

  #leave(frame: number, c: number): void {
    if (this.#inObject === 1) this.#member();
    const a = this.#inObject === 1 ? this.#sumA : this.a;
    const b = this.#inObject === 1 ? this.#sumB : this.b;
    this.a = this.#frames[frame] as number;
    this.b = this.#frames[frame + 1] as number;
    this.#sumA = this.#frames[frame + 2] as number;
    this.#sumB = this.#frames[frame + 3] as number;
    this.#inObject = this.#frames[frame + 4] as number;
    this.#mix(spread(a ^ c));
    this.#mix(spread(b + c));
  }

  /** A member is whole: members are summed up, so that their order makes no difference. */
  #member(): void {
    this.#sumA = (this.#sumA + spread(this.a)) | 0;
    this.#sumB = (this.#sumB + spread(this.b)) | 0;
    this.a = this.b = START;
  }
}
