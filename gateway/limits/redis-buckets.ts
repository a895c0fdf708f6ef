// Token buckets in Redis: exact over all gateways; while Redis is away, this gateway's share of each rate in memory.
import type { RateRule } from '../core/principal.ts';
import type { RedisConnection, Script } from '../redis/redis-connection.ts';
import { MemoryBuckets } from './memory-buckets.ts';
import type { Buckets } from './rate-limit.ts';
import { takeTokens } from './take-tokens.ts';

/** Buckets for all clients; `replicas` says how many gateways share the rates. */
export class RedisBuckets implements Buckets {
  readonly #prefix: string;
  readonly #take: Script;
  readonly #replicas: () => number;
  readonly #share = new MemoryBuckets();

  constructor(redis: RedisConnection, replicas: () => number) {
    this.#prefix = `${redis.prefix}rate:`;
    this.#take = redis.script('takeTokens', takeTokens, 1);
    this.#replicas = replicas;
  }

  async take(client: string, rule: RateRule, count: number): Promise<number> {
    const waitMs = await this.#take(this.#prefix + client, count, rule.burst, 1000 / rule.perSecond);
    return typeof waitMs === 'number' ? waitMs : this.#ofShare(client, rule, count);
  }

  #ofShare(client: string, { perSecond, burst }: RateRule, count: number): number {
    const replicas = this.#replicas();
    const share = { perSecond: perSecond / replicas, burst: Math.max(1, Math.floor(burst / replicas)) };
    return this.#share.take(client, share, Math.min(count, share.burst));
  }
}
