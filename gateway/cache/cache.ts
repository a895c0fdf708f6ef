// The cache of one process: memory before a shared store, the fetches under way, and what has been purged.
import { ownBytes } from './arena.ts';
import { Flights } from './flights.ts';
import { Ghost } from './ghost.ts';
import type { CacheKey } from './key.ts';
import { MemoryStore } from './memory-store.ts';
import { PassedKeys } from './passed-keys.ts';
import type { CacheEntry, SharedStore } from './store.ts';
import { Tags } from './tags.ts';

export interface CacheSettings {
  readonly memoryBytes: number;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** What begins the name of a purge that means one question rather than a tag. */
const WHAT = 'what:';

/** The name under which all answers to one question are purged. */
export function purgeNameOf(what: string): string {
  return WHAT + what;
}

/** Shared by the stages of all pools; outlives reloads of the configuration. */
export class Cache {
  readonly memory: MemoryStore;
  readonly tags = new Tags();
  /** By key. */
  readonly flights = new Flights();
  /** Questions whose answers were found not to be for the cache, a short time ago. */
  readonly passed: PassedKeys;
  /** What a cache would bring for tools that have no rule. */
  readonly ghost: Ghost;
  readonly now: () => number;
  readonly random: () => number;
  /** Pools of which lists or reads have been kept: their changes must be heard. */
  readonly listed = new Set<string>();
  /** Undefined without Redis. */
  shared: SharedStore | undefined = undefined;

  constructor({ memoryBytes, now, random }: CacheSettings) {
    this.memory = new MemoryStore(memoryBytes);
    this.passed = new PassedKeys(now);
    this.ghost = new Ghost(now);
    this.now = now;
    this.random = random;
  }

  /** Keeps what was fetched since `since` (purge clock) in memory; false when it has been purged meanwhile. */
  keep(key: CacheKey, entry: CacheEntry, since: number): boolean {
    const validity = this.tags.validity(entry.tags, since);
    if (validity === undefined) return false;
    const { members } = entry;
    this.memory.set(key, entry, validity, Buffer.isBuffer(members) ? members : ownBytes(members));
    return true;
  }

  /** Purges everything under these names, here and in the other processes; what is being fetched is not kept. */
  purge(names: readonly string[]): void {
    this.purgeHere(names);
    this.shared?.purge(names);
  }

  /** Purges in this process: another one has said so. */
  purgeHere(names: readonly string[]): void {
    const tags = names.filter((name) => !name.startsWith(WHAT));
    if (tags.length > 0) this.tags.purge(tags);
    for (const name of names) if (name.startsWith(WHAT)) this.#purgeWhat(name.slice(WHAT.length));
  }

  /** Drops all that is kept in memory: purges may have been missed. */
  distrust(): void {
    this.memory.clear();
    this.tags.purgeUnderWay();
  }

  #purgeWhat(what: string): void {
    this.tags.purgeUnderWay();
    this.memory.deleteWhat(what);
  }
}
