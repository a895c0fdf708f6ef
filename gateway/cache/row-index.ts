// The row index: finds rows by a hash, and knows which row was longest unused; all of it in typed arrays.

const NONE = -1;

/**
 * Numbers the rows of a table of a fixed size. A Map of keys was measured to cost 475 bytes of heap for each, which become
 * garbage in the old generation one by one, so that the heap grew by more than the table before V8 saw to it.
 */
export class RowIndex {
  readonly #mask: number;
  readonly #buckets: Int32Array;
  readonly #hashes: Int32Array;
  /** The next row of the same bucket, or the next free row. */
  readonly #chain: Int32Array;
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  #newest = NONE;
  #oldest = NONE;
  #free = NONE;
  #used = 0;
  #size = 0;

  constructor(rows: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, rows)));
    this.#mask = buckets - 1;
    this.#buckets = new Int32Array(buckets).fill(NONE);
    this.#hashes = new Int32Array(rows);
    this.#chain = new Int32Array(rows);
    this.#newer = new Int32Array(rows);
    this.#older = new Int32Array(rows);
  }

  get size(): number {
    return this.#size;
  }

  /** The row that was longest unused; -1 when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The first row that may have this hash; -1 when there is none. */
  first(hash: number): number {
    return this.#alike(this.#buckets[hash & this.#mask] as number, hash);
  }

  /** The next row with the same hash; -1 when there is none. */
  next(row: number): number {
    return this.#alike(this.#chain[row] as number, this.#hashes[row] as number);
  }

  /** Takes a row as the newest; the caller has seen to it that there is one. */
  add(hash: number): number {
    const row = this.#free === NONE ? this.#used++ : this.#free;
    if (row === this.#free) this.#free = this.#chain[row] as number;
    this.#hashes[row] = hash | 0;
    this.#chain[row] = this.#buckets[hash & this.#mask] as number;
    this.#buckets[hash & this.#mask] = row;
    this.#size++;
    this.#link(row);
    return row;
  }

  /** Gives a row back. */
  delete(row: number): void {
    const bucket = (this.#hashes[row] as number) & this.#mask;
    const next = this.#chain[row] as number;
    let before = this.#buckets[bucket] as number;
    if (before === row) this.#buckets[bucket] = next;
    else {
      while (this.#chain[before] !== row) before = this.#chain[before] as number;
      this.#chain[before] = next;
    }
    this.#unlink(row);
    this.#chain[row] = this.#free;
    this.#free = row;
    this.#size--;
  }

  /** The row has been used. */
  touch(row: number): void {
    if (row === this.#newest) return;
    this.#unlink(row);
    this.#link(row);
  }

  /** All rows, the oldest first; the one at hand may be deleted. */
  *rows(): Generator<number> {
    for (let row = this.#oldest; row !== NONE; ) {
      const newer = this.#newer[row] as number;
      yield row;
      row = newer;
    }
  }

  #alike(from: number, hash: number): number {
    let row = from;
    while (row !== NONE && this.#hashes[row] !== (hash | 0)) row = this.#chain[row] as number;
    return row;
  }

  #link(row: number): void {
    this.#older[row] = this.#newest;
    this.#newer[row] = NONE;
    if (this.#newest === NONE) this.#oldest = row;
    else this.#newer[this.#newest] = row;
    this.#newest = row;
  }

  #unlink(row: number): void {
    const newer = this.#newer[row] as number;
    const older = this.#older[row] as number;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
  }
}
