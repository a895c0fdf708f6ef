// Turns: what came up in one turn of the event loop is looked at together, at its end.

/**
 * Keeps things until the turn of the event loop ends, and then gives them to `each` in order. Between two calls so much else
 * runs that the code and the figures of telemetry have left the processor's caches; for many calls in a row they stay.
 */
export class Turn<T> {
  readonly #each: (item: T) => void;
  readonly #failed: (problem: unknown) => void;
  readonly #end: () => void;
  #items: T[] = [];

  /** What `each` throws goes to `failed`: nobody else is there to hear of it. */
  constructor(each: (item: T) => void, failed: (problem: unknown) => void) {
    this.#each = each;
    this.#failed = failed;
    this.#end = () => this.#flush();
  }

  add(item: T): void {
    if (this.#items.push(item) === 1) setImmediate(this.#end);
  }

  #flush(): void {
    const items = this.#items;
    this.#items = [];
    for (const item of items) {
      try {
        this.#each(item);
      } catch (problem) {
        this.#failed(problem);
      }
    }
  }
}
