// Seen keys: when caches of several times to live would have fetched a key; a table of numbers of a fixed size.

/** Places that a key may have in the table, next to each other. */
const WAYS = 4;

/**
 * Remembers moments by key, the longest untouched giving way to new ones. Typed arrays hold nothing that the collector
 * has to look at, and what was never used of them is no memory of the process.
 */
export class SeenKeys {
  readonly #sets: number;
  readonly #columns: number;
  readonly #marks: Uint32Array;
  readonly #times: Float64Array;

  /** Room for `keys`, a power of two; with each key, `columns` moments. */
  constructor(keys: number, columns: number) {
    this.#sets = keys / WAYS;
    this.#columns = columns;
    this.#marks = new Uint32Array(keys);
    this.#times = new Float64Array(keys * columns);
  }

  /** The row of a key that two hashes name; -1 when it is not known. */
  find(a: number, b: number): number {
    const first = (a & (this.#sets - 1)) * WAYS;
    const mark = markOf(b);
    for (let row = first; row < first + WAYS; row++) if (this.#marks[row] === mark) return row;
    return -1;
  }

  /** The row for a new key, all of whose moments are `now`. */
  add(a: number, b: number, now: number): number {
    const first = (a & (this.#sets - 1)) * WAYS;
    let row = first;
    for (let other = first + 1; other < first + WAYS; other++) {
      if (this.time(other, 0) < this.time(row, 0)) row = other;
    }
    this.#marks[row] = markOf(b);
    this.#times.fill(now, row * this.#columns, (row + 1) * this.#columns);
    return row;
  }

  time(row: number, column: number): number {
    return this.#times[row * this.#columns + column] as number;
  }

  setTime(row: number, column: number, now: number): void {
    this.#times[row * this.#columns + column] = now;
  }
}

/** 0 marks a place that is free. */
function markOf(b: number): number {
  return b === 0 ? 1 : b >>> 0;
}
