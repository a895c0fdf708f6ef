// Batches: what comes up one by one and may wait a moment is looked at together.

/** How many things make a batch, and how long the first of them waits for the others, in ms. */
const MOST = 32;
const WAIT_MS = 5;

/**
 * Keeps things for a moment and then gives them to `each` in order. Between two calls so much else runs that the code and the
 * figures of telemetry have left the processor's caches; for many calls in a row they stay.
 */
export class Batch<T> {
  readonly #each: (item: T) => void;
  readonly #failed: (problem: unknown) => void;
  readonly #flush: () => void;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined = undefined;

  /** What `each` throws goes to `failed`: nobody else is there to hear of it. */
  constructor(each: (item: T) => void, failed: (problem: unknown) => void) {
    this.#each = each;
    this.#failed = failed;
    this.#flush = () => this.flush();
  }

  add(item: T): void {
    const count = this.#items.push(item);
    if (count === 1) this.#timer = setTimeout(this.#flush, WAIT_MS);
    else if (count === MOST) this.flush();
  }

  /** Looks at what is there now: whoever reads figures wants them all. */
  flush(): void {
    clearTimeout(this.#timer);
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
