// The memory store: entries of this process, the least recently used going first, within a bound of bytes.
import { LRUCache } from 'lru-cache';
import { Arena } from './arena.ts';
import type { CacheEntry } from './store.ts';
import type { Validity } from './tags.ts';

/** What an entry takes beside its bytes: its key, the map's own record, its row in the columns; measured, rounded up. */
const OVERHEAD_BYTES = 1024;
/** Texts that many entries have in common, such as their server's name. */
const MAX_COMMON = 100;
const scopes = [undefined, 'public', 'private'] as const;

/**
 * Keeps entries in memory; a look-up awaits nothing. Numbers lie in columns and bytes in an arena: objects that live long
 * and die together are what makes V8's heap grow to several times what is in it.
 */
export class MemoryStore {
  readonly #rows: LRUCache<string, number>;
  readonly #arena: Arena;
  readonly #maxBytes: number;
  readonly #times: Float64Array;
  readonly #places: Int32Array;
  readonly #scopes: Uint8Array;
  readonly #texts: (readonly [meta: string, serverInfo: string] | undefined)[] = [];
  readonly #validities: (Validity | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #common = new Map<string, readonly [string, string]>();
  #usedRows = 0;
  #evictions = 0;

  /** `maxBytes` 0: nothing is kept. */
  constructor(maxBytes: number) {
    const rows = Math.ceil(maxBytes / (Arena.room(1) + OVERHEAD_BYTES)) + 1;
    this.#maxBytes = maxBytes;
    this.#arena = new Arena(maxBytes);
    this.#times = new Float64Array(rows * 4);
    this.#places = new Int32Array(rows * 2);
    this.#scopes = new Uint8Array(rows);
    this.#rows = new LRUCache<string, number>({
      maxSize: Math.max(1, maxBytes),
      dispose: (row) => this.#forget(row),
    });
  }

  /** The entry of a key. Its bytes are good until the next entry is set: copy them, or lose them. */
  get(key: string): CacheEntry | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    const validity = this.#validities[row] as Validity;
    if (!validity.stands) {
      this.#rows.delete(key);
      return undefined;
    }
    const [meta, serverInfo] = this.#texts[row] as readonly [string, string];
    const times = row * 4;
    return {
      storedAt: this.#times[times] as number,
      freshUntil: this.#times[times + 1] as number,
      staleUntil: this.#times[times + 2] as number,
      errorUntil: this.#times[times + 3] as number,
      statedScope: scopes[this.#scopes[row] as number],
      meta,
      serverInfo,
      members: this.#arena.bytes(this.#places[row * 2] as number, this.#places[row * 2 + 1] as number),
      tags: validity.names,
    };
  }

  /** Keeps a copy; what is too large for all of the room is not kept. */
  set(key: string, entry: CacheEntry, validity: Validity, members: Buffer): void {
    const { meta, serverInfo } = entry;
    const size = Arena.room(members.length) + 2 * (meta.length + key.length) + OVERHEAD_BYTES;
    if (size > this.#maxBytes) return;
    this.#rows.delete(key);
    // Room is made before the bytes are copied, since the arena has no more than the bound.
    while (this.#rows.calculatedSize + size > this.#maxBytes) {
      this.#rows.pop();
      this.#evictions++;
    }
    const row = this.#freeRows.pop() ?? this.#usedRows++;
    this.#times.set([entry.storedAt, entry.freshUntil, entry.staleUntil, entry.errorUntil], row * 4);
    this.#places[row * 2] = this.#arena.keep(members);
    this.#places[row * 2 + 1] = members.length;
    this.#scopes[row] = scopes.indexOf(entry.statedScope);
    this.#texts[row] = this.#shared(meta, serverInfo);
    this.#validities[row] = validity;
    this.#rows.set(key, row, { size });
  }

  /** Deletes what has a key that begins so; looks at every key. */
  deleteUnder(prefix: string): void {
    for (const key of [...this.#rows.keys()]) if (key.startsWith(prefix)) this.#rows.delete(key);
  }

  /** Bytes held, entries purged but not yet replaced included. */
  get bytes(): number {
    return this.#rows.calculatedSize;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Entries dropped for want of room. */
  get evictions(): number {
    return this.#evictions;
  }

  clear(): void {
    this.#rows.clear();
  }

  #forget(row: number): void {
    this.#arena.release(this.#places[row * 2] as number);
    this.#texts[row] = this.#validities[row] = undefined;
    this.#freeRows.push(row);
  }

  /** Pairs of texts are mostly the same for all entries of a server; the one in common takes no room. */
  #shared(meta: string, serverInfo: string): readonly [string, string] {
    const pair = [meta, serverInfo] as const;
    if (meta !== '') return pair;
    const known = this.#common.get(serverInfo);
    if (known !== undefined) return known;
    if (this.#common.size >= MAX_COMMON) this.#common.clear();
    this.#common.set(serverInfo, pair);
    return pair;
  }
}
