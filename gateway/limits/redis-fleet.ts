// The fleet: slots counted over all gateways that share a Redis; while it is away, this gateway's share of each limit.
import { randomBytes } from 'node:crypto';
import type { RedisConnection, Script } from '../redis/redis-connection.ts';
import { claimSlots, LEASE_MS, signOfLife } from './claim-slots.ts';
import type { FleetSlots } from './fleet-slots.ts';

/** How often this gateway says that it lives and what it holds, in ms. */
const BEAT_MS = 1000;

/** All clients' slots in use at this gateway. */
export type HeldSlots = () => Iterable<readonly [client: string, count: number]>;

/** One gateway's part in the fleet. Commands go over one connection in order, so what it says last is what counts. */
export class RedisFleet implements FleetSlots {
  /** Gateways alive when last heard of: what a limit is shared between while Redis is away. */
  replicas = 1;
  readonly #redis: RedisConnection;
  readonly #held: HeldSlots;
  readonly #id = randomBytes(9).toString('base64url');
  readonly #gateways: string;
  readonly #claim: Script;
  readonly #signOfLife: Script;
  readonly #timer: NodeJS.Timeout;
  #settledAt = 0;

  constructor(redis: RedisConnection, held: HeldSlots) {
    this.#redis = redis;
    this.#held = held;
    this.#gateways = `${redis.prefix}gateways`;
    this.#claim = redis.script('claimSlots', claimSlots, 2);
    this.#signOfLife = redis.script('signOfLife', signOfLife, 1);
    redis.onState((up) => {
      this.#settledAt = performance.now() + 2 * BEAT_MS;
      if (up) void this.beat();
    });
    this.#timer = setInterval(() => void this.beat(), BEAT_MS).unref();
  }

  take(client: string, held: number, limit: number): boolean | Promise<boolean> {
    if (!this.#redis.up) return this.withinShare(held, limit);
    return this.#claim(this.#key(client), this.#gateways, this.#id, held, limit, LEASE_MS).then((answer) =>
      answer === undefined ? this.withinShare(held, limit) : answer === 1,
    );
  }

  /** Not when Redis has just come back: then gateways may hold more in all than the limit, and must come down to it. */
  mayHandOn(held: number, limit: number): boolean {
    if (!this.#redis.up) return this.withinShare(held, limit);
    return performance.now() > this.#settledAt;
  }

  withinShare(held: number, limit: number): boolean {
    return held <= Math.max(1, Math.floor(limit / this.replicas));
  }

  give(client: string, held: number): void {
    const key = this.#key(client);
    if (held === 0) void this.#redis.run((redis) => redis.hdel(key, this.#id));
    else void this.#redis.run((redis) => redis.hset(key, this.#id, held));
  }

  /** Says that this gateway lives and what it holds: also what Redis has forgotten, or never heard, while it was away. */
  async beat(): Promise<void> {
    const alive = this.#signOfLife(this.#gateways, this.#id, LEASE_MS);
    for (const [client, count] of this.#held()) {
      const key = this.#key(client);
      void this.#redis.run((redis) =>
        redis
          .pipeline()
          .hset(key, this.#id, count)
          .pexpire(key, LEASE_MS * 10)
          .exec(),
      );
    }
    const replicas = await alive;
    if (typeof replicas === 'number') this.replicas = Math.max(1, replicas);
  }

  /** Leaves the fleet. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#redis.run((redis) => redis.zrem(this.#gateways, this.#id));
  }

  #key(client: string): string {
    return `${this.#redis.prefix}slots:${client}`;
  }
}
