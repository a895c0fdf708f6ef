// Limits through Redis: what makes slots, rates and full results those of all gateways that share it.
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { Concurrency } from './concurrency.ts';
import type { Buckets } from './rate-limit.ts';
import { RedisBuckets } from './redis-buckets.ts';
import { RedisFleet } from './redis-fleet.ts';
import { RedisResults } from './redis-results.ts';
import type { ResultStore } from './result-store.ts';

/** What one gateway has in common with the others. */
export interface SharedLimits {
  readonly buckets: Buckets;
  readonly results: ResultStore;
  /** Leaves the fleet. */
  close(): Promise<void>;
}

/** Has `concurrency` ask the fleet from now on; `results` keeps what this gateway itself has cut. */
export function shareLimits(
  redis: RedisConnection,
  concurrency: Concurrency,
  results: ResultStore,
): SharedLimits {
  const fleet = new RedisFleet(redis, () => concurrency.held());
  concurrency.fleet = fleet;
  return {
    buckets: new RedisBuckets(redis, () => fleet.replicas),
    results: new RedisResults(redis, results),
    close() {
      if (concurrency.fleet === fleet) concurrency.fleet = undefined;
      return fleet.close();
    },
  };
}
