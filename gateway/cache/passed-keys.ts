// Passed keys: questions whose answers are not for the cache, remembered a while so that nobody waits for them in vain.
import { LRUCache } from 'lru-cache';

const MAX_KEYS = 10_000;
const REMEMBERED_MS = 10_000;

/** A bounded, short memory. */
export class PassedKeys {
  readonly #until = new LRUCache<string, number>({ max: MAX_KEYS });
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(key: string): void {
    this.#until.set(key, this.#now() + REMEMBERED_MS);
  }

  has(key: string): boolean {
    return (this.#until.get(key) ?? 0) > this.#now();
  }
}
