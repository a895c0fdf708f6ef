// What the cache keeps, and the interfaces of the places that keep it.

import type { Copyable } from './arena.ts';

/** One answer, without its id. Three instants say all of freshness; ms since the epoch. */
export interface CacheEntry {
  readonly storedAt: number;
  /** Served as it is until here, … */
  readonly freshUntil: number;
  /** … served while a new one is fetched until here, … */
  readonly staleUntil: number;
  /** … and served if the upstream fails until here. */
  readonly errorUntil: number;
  /** `public` or `private` where the protocol itself says how long the result is fresh; else undefined. */
  readonly statedScope: 'public' | 'private' | undefined;
  /** Members of `result._meta` and the one that names the server; raw JSON without braces. */
  readonly meta: string;
  readonly serverInfo: string;
  /** The other members of `result`. */
  readonly members: Copyable;
  /** Names under which it can be purged. */
  readonly tags: readonly string[];
}

/** When an entry is of no use to anyone any more. */
export function endOf(entry: CacheEntry): number {
  return Math.max(entry.freshUntil, entry.staleUntil, entry.errorUntil);
}

/** The right to fetch an entry for the whole fleet, for a limited time. */
export interface Lease {
  readonly token: string;
  /** The shared store's own clock when the lease was given: what is purged later than this must not be stored. */
  readonly since: string;
}

/** What the shared store says of a key. */
export type Look =
  | { readonly is: 'entry'; readonly entry: CacheEntry }
  /** Nothing is there, and it is this process's turn to fetch it. */
  | { readonly is: 'lease'; readonly lease: Lease }
  /** Another process is fetching it. */
  | { readonly is: 'busy' }
  /** The store cannot be asked. */
  | { readonly is: 'away' };

/** Where an answer lies in the shared store. */
export interface Address {
  readonly name: string;
  /** Names under which it can be purged; those of `CacheEntry.tags` first. */
  readonly purgeNames: readonly string[];
  readonly tags: readonly string[];
}

/** A store that several processes share; none of its promises rejects or is late. */
export interface SharedStore {
  readonly up: boolean;
  /** Values that were not believed, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /**
   * Looks for an entry. `any`: tries for a lease where there is none; `fresh`: also where it is stale; `no_lease`: never.
   */
  look(address: Address, wanted: 'any' | 'fresh' | 'no_lease'): Promise<Look>;
  /** Stores what was fetched under a lease, unless it was purged since, and gives the lease of `leased` back. */
  fill(address: Address, lease: Lease, entry: CacheEntry, leased: string): void;
  /** Gives a lease back. */
  release(name: string, lease: Lease): void;
  /** Purges here and tells the other processes. */
  purge(names: readonly string[]): void;
  close(): void;
}
