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

  /** Takes a copy of `bytes`, and gives where it begins; the caller has made room. */
  keep(bytes: Buffer): number {
    let first = NONE;
    let last = NONE;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = this.#free;
      if (piece === NONE) throw new Error('the arena is full');
      this.#free = this.#next[piece] as number;
      bytes.copy(this.#bytes, piece * PIECE_BYTES, at, at + PIECE_BYTES);
      if (last === NONE) first = piece;
      else this.#next[last] = piece;
      this.#next[piece] = NONE;
      last = piece;
    }
    return first;
  }

  /** The bytes that begin there, for as long as they are not released. */
  bytes(first: number, length: number): Copyable {
    return new KeptBytes(this, first, length);
  }

  /** Copies a chain out. */
  read(first: number, length: number, target: Uint8Array, at: number): void {
    let piece = first;
    for (let done = 0; done < length; done += PIECE_BYTES) {
      const from = piece * PIECE_BYTES;
      this.#bytes.copy(target, at + done, from, from + Math.min(PIECE_BYTES, length - done));
      piece = this.#next[piece] as number;
    }
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

  constructor(arena: Arena, first: number, length: number) {
    this.#arena = arena;
    this.#first = first;
    this.length = length;
  }

  copy(target: Uint8Array, at: number): number {
    this.#arena.read(this.#first, this.length, target, at);
    return this.length;
  }
}

/** A copy of bytes that stays whatever is released. */
export function ownBytes(bytes: Copyable): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy, 0);
  return copy;
}
