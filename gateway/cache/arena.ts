// The arena: one block of memory that all kept bytes lie in, so that the cache takes what it was given and no more.

/** Bytes of a piece; each kept text takes as many pieces as it needs. */
const PIECE_BYTES = 512;
const NONE = -1;

/** Bytes that can be copied out; a Buffer is one, too. */
export interface Copyable {
  readonly length: number;
  /** Copies all bytes into `target` from `at` on. */
  copy(target: Uint8Array, at: number): number;
}

/**
 * Fixed memory in pieces that are chained. A Buffer for each entry was measured to cost three to eight times its bytes:
 * an object and an allocation each, freed only when the collector comes by.
 */
export class Arena {
  readonly #bytes: Buffer;
  readonly #next: Int32Array;
  #free: number;

  constructor(maxBytes: number) {
    const pieces = Math.floor(maxBytes / PIECE_BYTES);
    this.#bytes = Buffer.allocUnsafeSlow(pieces * PIECE_BYTES);
    this.#next = new Int32Array(pieces);
    for (let i = 0; i < pieces; i++) this.#next[i] = i + 1 < pieces ? i + 1 : NONE;
    this.#free = pieces > 0 ? 0 : NONE;
  }

  /** What `length` bytes take here. */
  static room(length: number): number {
    return Math.ceil(length / PIECE_BYTES) * PIECE_BYTES;
  }

  /** Takes a copy of `name`, which must fit a piece, and of `bytes` after it; the caller has made room. Gives where it is. */
  keep(name: string, bytes: Buffer): number {
    const first = this.#take();
    const start = first * PIECE_BYTES;
    const skipped = this.#bytes.write(name, start, 'utf16le');
    bytes.copy(this.#bytes, start + skipped, 0, PIECE_BYTES - skipped);
    let last = first;
    for (let done = PIECE_BYTES - skipped; done < bytes.length; done += PIECE_BYTES) {
      const piece = this.#take();
      bytes.copy(this.#bytes, piece * PIECE_BYTES, done, done + PIECE_BYTES);
      this.#next[last] = piece;
      last = piece;
    }
    this.#next[last] = NONE;
    return first;
  }

  /** Whether what lies there begins with `text`, which is no longer than the name it was kept under. */
  begins(first: number, text: string): boolean {
    const start = first * PIECE_BYTES;
    for (let i = 0; i < text.length; i++) {
      const at = start + i * 2;
      const unit = (this.#bytes[at] as number) | ((this.#bytes[at + 1] as number) << 8);
      if (unit !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  /** The bytes that lie there after the first `skipped`, for as long as they are not released. */
  bytes(first: number, skipped: number, length: number): Copyable {
    return new KeptBytes(this, first, skipped, length);
  }

  /** Copies a part of a chain out. */
  read(first: number, skipped: number, length: number, target: Uint8Array, at: number): void {
    let piece = first;
    let from = piece * PIECE_BYTES + skipped;
    let room = PIECE_BYTES - skipped;
    for (let done = 0; done < length; ) {
      const part = Math.min(room, length - done);
      this.#bytes.copy(target, at + done, from, from + part);
      done += part;
      piece = this.#next[piece] as number;
      from = piece * PIECE_BYTES;
      room = PIECE_BYTES;
    }
  }

  #take(): number {
    const piece = this.#free;
    if (piece === NONE) throw new Error('the arena is full');
    this.#free = this.#next[piece] as number;
    return piece;
  }

  /** Gives a chain back. */
  release(first: number): void {
    for (let piece = first; piece !== NONE; ) {
      const next = this.#next[piece] as number;
      this.#next[piece] = this.#free;
      this.#free = piece;
      piece = next;
    }
  }
}

/** Bytes in an arena. */
class KeptBytes implements Copyable {
  readonly length: number;
  readonly #arena: Arena;
  readonly #first: number;
  readonly #skipped: number;

  constructor(arena: Arena, first: number, skipped: number, length: number) {
    this.#arena = arena;
    this.#first = first;
    this.#skipped = skipped;
    this.length = length;
  }

  copy(target: Uint8Array, at: number): number {
    this.#arena.read(this.#first, this.#skipped, this.length, target, at);
    return this.length;
  }
}

/** A copy of bytes that stays whatever is released. */
export function ownBytes(bytes: Copyable): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy, 0);
  return copy;
}
