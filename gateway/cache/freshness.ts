// Freshness: for how long an answer is served as it is, as stale, and as a stand-in for a dead upstream.
import type { CacheEntry } from './store.ts';

/** How an entry may be served at a given moment. */
export type Freshness = 'fresh' | 'stale' | 'if_error' | 'over';

/** Lifetimes in ms, the last two counted from the end of the first. */
export interface Lifetimes {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** The share of its time to live that an entry may lose, so that entries stored together do not end together. */
export const JITTER = 0.1;
/** What nobody fetches again for this long is forgotten, whatever the configuration says. */
const MAX_KEPT_MS = 30 * 24 * 3600_000;

/** The instants of an entry that is stored now; `random` from 0 to 1. */
export function instants(
  { ttlMs, staleWhileRevalidateMs, staleIfErrorMs }: Lifetimes,
  now: number,
  random: number,
): Pick<CacheEntry, 'storedAt' | 'freshUntil' | 'staleUntil' | 'errorUntil'> {
  const last = now + MAX_KEPT_MS;
  const freshUntil = Math.min(last, Math.floor(now + ttlMs * (1 - JITTER * random)));
  return {
    storedAt: now,
    freshUntil,
    staleUntil: Math.min(last, freshUntil + staleWhileRevalidateMs),
    errorUntil: Math.min(last, freshUntil + staleIfErrorMs),
  };
}

/** How `entry` may be served at `now`. */
export function freshness(entry: CacheEntry, now: number): Freshness {
  if (now < entry.freshUntil) return 'fresh';
  if (now < entry.staleUntil) return 'stale';
  return now < entry.errorUntil ? 'if_error' : 'over';
}
