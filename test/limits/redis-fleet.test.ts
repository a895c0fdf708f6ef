// Slots that several gateways share through Redis, and what is left of them while it is away.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisFleet } from '../../gateway/limits/redis-fleet.ts';
import { RedisConnection } from '../../gateway/redis/redis-connection.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

describe.skipIf(!hasRedis)('a fleet of gateways', () => {
  let server: RedisServer;
  let open: { redis: RedisConnection; fleet: RedisFleet }[];

  beforeEach(async () => {
    server = await RedisServer.start();
    open = [];
  });

  afterEach(async () => {
    for (const { redis, fleet } of open) {
      await fleet.close();
      redis.close();
    }
    await server.kill();
  });

  async function member(held: Map<string, number> = new Map()) {
    const redis = new RedisConnection({ url: server.url, prefix: 't:', timeout: 50 });
    const fleet = new RedisFleet(redis, () => held);
    const one = { redis, fleet, held };
    open.push(one);
    await until(() => redis.up);
    await fleet.beat();
    return one;
  }

  it('shares one limit', async () => {
    const [a, b] = [await member(), await member()];
    expect(await a.fleet.take('c', 1, 3)).toBe(true);
    expect(await b.fleet.take('c', 1, 3)).toBe(true);
    expect(await b.fleet.take('c', 2, 3)).toBe(true);
    expect(await a.fleet.take('c', 2, 3)).toBe(false);
    b.fleet.give('c', 1);
    await until(async () => await a.fleet.take('c', 2, 3));
    expect(await b.fleet.take('c', 2, 3)).toBe(false);
    expect(await b.fleet.take('d', 3, 3)).toBe(true);
  });

  it('does not count a gateway that is dead', async () => {
    const [a, b] = [await member(), await member()];
    expect(await a.fleet.take('c', 3, 3)).toBe(true);
    expect(await b.fleet.take('c', 1, 3)).toBe(false);
    // As if its last sign of life were longer ago than a lease: a dead gateway sends no other.
    const [dead] = (await b.redis.run((redis) => redis.hkeys('t:slots:c'))) ?? [];
    await b.redis.run((redis) => redis.zadd('t:gateways', 1, String(dead)));
    expect(await b.fleet.take('c', 3, 3)).toBe(true);
  });

  it('goes by shares while Redis is away, and by what is really held once it is back', async () => {
    const [a, b] = [await member(), await member()];
    await a.fleet.beat();
    expect(a.fleet.replicas).toBe(2);
    await server.kill();
    await until(() => !a.redis.up);
    expect(await a.fleet.take('c', 5, 10)).toBe(true);
    expect(await a.fleet.take('c', 6, 10)).toBe(false);
    a.held.set('c', 5);
    await server.start();
    await until(() => a.redis.up && b.redis.up);
    await until(async () => !(await b.fleet.take('c', 6, 10)));
    expect(await b.fleet.take('c', 5, 10)).toBe(true);
  });

  it('says that it is alive in one place, and leaves it when it closes', async () => {
    const [a, b] = [await member(), await member()];
    await a.fleet.beat();
    expect(a.fleet.replicas).toBe(2);
    await b.fleet.close();
    await a.fleet.beat();
    expect(a.fleet.replicas).toBe(1);
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It does not come about');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
