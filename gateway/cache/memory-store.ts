// The memory store: entries of this process, the least recently used going first, within a bound of bytes.
import { hash } from 'node:crypto';
import { Arena } from './arena.ts';
import type { CacheKey } from './key.ts';
import { keyText } from './key.ts';
import { RowIndex } from './row-index.ts';
import type { CacheEntry } from './store.ts';
import type { Validity } from './tags.ts';
import { textHash } from './value-hash.ts';

/** What an entry takes beside its bytes: its row here and in the index, and its part in what the arena keeps of pieces. */
const OVERHEAD_BYTES = 128;
/** Keys of more characters are known by a digest, so that each lies in one piece of the arena. */
const MAX_KEY_CHARS = 200;
/** Texts that many entries have in common, such as their server's name. */
const MAX_COMMON = 100;
const scopes = [undefined, 'public', 'private'] as const;

/**
 * Keeps entries in memory; a look-up awaits nothing. Numbers lie in columns, and bytes and keys in an arena: objects that
 * live long and die one by one are what makes V8's heap grow to several times what is in it.
 */
export class MemoryStore {
  readonly #index: RowIndex;
  readonly #arena: Arena;
  readonly #maxBytes: number;
  readonly #times: Float64Array;
  /** Where an entry begins in the arena, its key first; characters of the key; bytes after it; what all is charged. */
  readonly #places: Int32Array;
  readonly #scopes: Uint8Array;
  /** Lists of their full length from the start: as they grew they would leave copies behind. */
  readonly #texts: (readonly [meta: string, serverInfo: string] | undefined)[];
  readonly #validities: (Validity | undefined)[];
  readonly #common = new Map<string, readonly [string, string]>();
  #bytes = 0;
  #evictions = 0;

  /** `maxBytes` 0: nothing is kept. */
  constructor(maxBytes: number) {
    const rows = Math.ceil(maxBytes / (Arena.room(1) + OVERHEAD_BYTES)) + 1;
    this.#maxBytes = maxBytes;
    this.#arena = new Arena(maxBytes);
    this.#index = new RowIndex(rows);
    this.#times = new Float64Array(rows * 4);
    this.#places = new Int32Array(rows * 4);
    this.#scopes = new Uint8Array(rows);
    this.#texts = new Array<undefined>(rows).fill(undefined);
    this.#validities = new Array<undefined>(rows).fill(undefined);
  }

  /** The entry of a key. Its bytes are good until the next entry is set: copy them, or lose them. */
  get(key: CacheKey): CacheEntry | undefined {
    const text = nameOf(key);
    const row = this.#find(text, textHash(text, 0));
    if (row === -1) return undefined;
    const validity = this.#validities[row] as Validity;
    if (!validity.stands) {
      this.#forget(row);
      return undefined;
    }
    this.#index.touch(row);
    const [meta, serverInfo] = this.#texts[row] as readonly [string, string];
    const at = row * 4;
    const skipped = (this.#places[at + 1] as number) * 2;
    return {
      storedAt: this.#times[at] as number,
      freshUntil: this.#times[at + 1] as number,
      staleUntil: this.#times[at + 2] as number,
      errorUntil: this.#times[at + 3] as number,
      statedScope: scopes[this.#scopes[row] as number],
      meta,
      serverInfo,
      members: this.#arena.bytes(this.#places[at] as number, skipped, this.#places[at + 2] as number),
      tags: validity.names,
    };
  }

  /** Keeps a copy; what is too large for all of the room is not kept. */
  set(key: CacheKey, entry: CacheEntry, validity: Validity, members: Buffer): void {
    const { meta, serverInfo } = entry;
    const name = nameOf(key);
    const size = Arena.room(name.length * 2 + members.length) + 2 * meta.length + OVERHEAD_BYTES;
    if (size > this.#maxBytes) return;
    const hashed = textHash(name, 0);
    const before = this.#find(name, hashed);
    if (before !== -1) this.#forget(before);
    // Room is made before the bytes are copied, since the arena has no more than the bound.
    while (this.#bytes + size > this.#maxBytes) {
      this.#forget(this.#index.oldest);
      this.#evictions++;
    }
    const row = this.#index.add(hashed);
    const at = row * 4;
    this.#times[at] = entry.storedAt;
    this.#times[at + 1] = entry.freshUntil;
    this.#times[at + 2] = entry.staleUntil;
    this.#times[at + 3] = entry.errorUntil;
    this.#places[at] = this.#arena.keep(name, members);
    this.#places[at + 1] = name.length;
    this.#places[at + 2] = members.length;
    this.#places[at + 3] = size;
    this.#scopes[row] = scopes.indexOf(entry.statedScope);
    this.#texts[row] = this.#shared(meta, serverInfo);
    this.#validities[row] = validity;
    this.#bytes += size;
  }

  /** Deletes the answers to one question, whoever they are for; looks at every key. */
  deleteWhat(what: string): void {
    const prefix = keyText({ what, who: '' });
    for (const row of this.#index.rows()) {
      if (this.#arena.begins(this.#places[row * 4] as number, prefix)) this.#forget(row);
    }
  }

  /** Bytes held, entries purged but not yet replaced included. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#index.size;
  }

  /** Entries dropped for want of room. */
  get evictions(): number {
    return this.#evictions;
  }

  clear(): void {
    for (const row of this.#index.rows()) this.#forget(row);
  }

  #find(name: string, hashed: number): number {
    let row = this.#index.first(hashed);
    while (row !== -1 && !this.#is(row, name)) row = this.#index.next(row);
    return row;
  }

  #is(row: number, name: string): boolean {
    return (
      this.#places[row * 4 + 1] === name.length && this.#arena.begins(this.#places[row * 4] as number, name)
    );
  }

  #forget(row: number): void {
    this.#arena.release(this.#places[row * 4] as number);
    this.#bytes -= this.#places[row * 4 + 3] as number;
    this.#texts[row] = this.#validities[row] = undefined;
    this.#index.delete(row);
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

/** The key as the arena has it; the question comes first, so that all its answers can be found. */
function nameOf(key: CacheKey): string {
  if (key.what.length + key.who.length < MAX_KEY_CHARS) return keyText(key);
  return keyText({ what: key.what, who: `#${hash('sha256', key.who, 'base64url')}` });
}
