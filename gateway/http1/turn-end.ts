// The end of a turn of the event loop: what is written waits until all that has arrived is read, and leaves together.

/**
 * Gives each thing to `each` once everything is read that arrived in this turn of the event loop. A write that finds its
 * reader asleep wakes it, which costs more than the write itself; of many writes in a row only the first does. Nothing
 * waits longer than for what would have been in its way in any case, and alone it waits for nothing.
 */
export class TurnEnd<T> {
  readonly #each: (item: T) => void;
  readonly #flush: () => void;
  #items: T[] = [];

  /** `each` must not throw. */
  constructor(each: (item: T) => void) {
    this.#each = each;
    this.#flush = () => {
      const items = this.#items;
      this.#items = [];
      for (const item of items) this.#each(item);
    };
  }

  add(item: T): void {
    if (this.#items.push(item) === 1) setImmediate(this.#flush);
  }
}
