// Token buckets in Redis: exact over all gateways; while Redis is away, this gateway's share of each rate in memory.
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
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
  readonly #limiters = new WeakMap<RateRule, RateLimiterRedis>();

  constructor(redis: RedisConnection, replicas: () => number) {
    this.#prefix = `${redis.prefix}rate`;
    this.#take = redis.script('takeTokens', takeTokens, 1);
    this.#replicas = replicas;
  }

  async take(client: string, rule: RateRule, count: number): Promise<number> {
    try {
      await this.#limiter(rule).consume(client, count);
      return 0;
    } catch (no) {
      if (no instanceof RateLimiterRes) return Math.max(1, no.msBeforeNext);
      return this.#ofShare(client, rule, count);
    }
  }

  #ofShare(client: string, { perSecond, burst }: RateRule, count: number): number {
    const replicas = this.#replicas();
    const share = { perSecond: perSecond / replicas, burst: Math.max(1, Math.floor(burst / replicas)) };
    return this.#share.take(client, share, Math.min(count, share.burst));
  }

  /** The library talks to our connection, which answers in time or not at all, and runs our script: its own counts windows. */
  #limiter(rule: RateRule): RateLimiterRedis {
    let limiter = this.#limiters.get(rule);
    if (limiter === undefined) {
      const msPerToken = 1000 / rule.perSecond;
      const storeClient = {
        defineCommand() {},
        rlflxIncr: async ([key = '', count = '']: string[]) => {
          const answer = await this.#take(key, count, rule.burst, msPerToken);
          if (answer === undefined) throw new Error('Redis is away');
          return answer;
        },
      };
      limiter = new RateLimiterRedis({
        storeClient,
        keyPrefix: this.#prefix,
        points: rule.burst,
        duration: 1,
      });
      this.#limiters.set(rule, limiter);
    }
    return limiter;
  }
}
