// Slots: a set for things that come and go with every request.

/** Something that can be in one set of slots; `slot` is -1 while it is in none. */
export interface Slotted {
  slot: number;
}

/**
 * A set kept in an array. A `Set` with such a turnover rebuilds its table all the time, and each table that V8 discards
 * keeps what it held alive until the next full collection: measured, 3 KB a request that outlived the young generation.
 */
export class Slots<T extends Slotted> implements Iterable<T> {
  readonly #items: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#items.length - this.#free.length;
  }

  add(item: T): void {
    if (item.slot !== -1) return;
    item.slot = this.#free.pop() ?? this.#items.length;
    this.#items[item.slot] = item;
  }

  delete(item: T): void {
    if (item.slot === -1) return;
    this.#items[item.slot] = undefined;
    this.#free.push(item.slot);
    item.slot = -1;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }
}
