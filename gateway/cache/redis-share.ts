// Puts Redis behind a process's cache, so that all processes of a fleet share entries, fetches and purges.
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { Cache } from './cache.ts';
import { RedisStore } from './redis-store.ts';
import { SealedEntries } from './sealed-entry.ts';

/** Room for what an entry holds beside its largest part, in bytes. */
const HEAD_BYTES = 64 * 1024;

/** `secret` is what all processes have in common; `largest` the most bytes of an entry. */
export function shareCache(cache: Cache, redis: RedisConnection, secret: string, largest: number): void {
  const listener = {
    purged: (names: readonly string[]) => cache.purgeHere(names),
    missed: () => cache.distrust(),
  };
  cache.shared = new RedisStore(redis, new SealedEntries(secret, largest + HEAD_BYTES), listener, cache.now);
}
