// Seen keys: when caches of several times to live would have fetched a key; a table of numbers of a fixed size.

/** Places that a key may have in the table, next to each other. */
const WAYS = 4;
/** How exactly moments are known, in ms. */
const TICK_MS = 10;

/**
 * Remembers moments by key, the longest untouched giving way to new ones. Typed arrays hold nothing that the collector
 * has to look at, and what was never used of them is no memory of the process.
 */
export class SeenKeys {
  readonly #sets: number;
  readonly #columns: number;
  readonly #marks: Uint32Array;
  readonly #origin: number;
  /** In ticks since the origin, which is enough for a year. */
  readonly #ticks: Uint32Array;

  /** Room for `keys`, a power of two; with each key, `columns` moments in ms, none before `origin`. */
  constructor(keys: number, columns: number, origin: number) {
    this.#sets = keys / WAYS;
    this.#columns = columns;
    this.#marks = new Uint32Array(keys);
    this.#origin = origin;
    this.#ticks = new Uint32Array(keys * columns);
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
    for (let column = 0; column < this.#columns; column++) this.setTime(row, column, now);
    return row;
  }

  time(row: number, column: number): number {
    return this.#origin + (this.#ticks[row * this.#columns + column] as number) * TICK_MS;
  }

  setTime(row: number, column: number, now: number): void {
    this.#ticks[row * this.#columns + column] = (now - this.#origin) / TICK_MS;
  }
}

/** 0 marks a place that is free. */
function markOf(b: number): number {
  return b === 0 ? 1 : b >>> 0;
}
