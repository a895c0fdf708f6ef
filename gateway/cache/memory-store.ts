// The memory store: entries of this process, the least recently used going first, within a bound of bytes.
import { LRUCache } from 'lru-cache';
import type { CacheEntry } from './store.ts';
import type { Validity } from './tags.ts';

/** An entry with what proves it valid. */
export interface Kept {
  readonly entry: CacheEntry;
  readonly validity: Validity;
}

/** What an entry takes beside its bytes: objects, key, the map's own record; measured, rounded up. */
const OVERHEAD_BYTES = 1024;

/** Keeps entries in memory; a look-up awaits nothing. */
export class MemoryStore {
  readonly #entries: LRUCache<string, Kept>;
  #evictions = 0;

  /** `maxBytes` 0: nothing is kept. */
  constructor(maxBytes: number) {
    this.#entries = new LRUCache<string, Kept>({
      maxSize: Math.max(1, maxBytes),
      sizeCalculation: sizeOf,
      dispose: (_kept, _key, reason) => {
        if (reason === 'evict') this.#evictions++;
      },
    });
  }

  get(key: string): CacheEntry | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    if (kept.validity.stands) return kept.entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, entry: CacheEntry, validity: Validity): void {
    this.#entries.set(key, { entry, validity });
  }

  /** Deletes what has a key that begins so; looks at every key. */
  deleteUnder(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  /** Bytes held, entries purged but not yet replaced included. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries dropped for want of room. */
  get evictions(): number {
    return this.#evictions;
  }

  clear(): void {
    this.#entries.clear();
  }
}

function sizeOf({ entry }: Kept, key: string): number {
  return (
    entry.members.length + 2 * (entry.meta.length + entry.serverInfo.length + key.length) + OVERHEAD_BYTES
  );
}
