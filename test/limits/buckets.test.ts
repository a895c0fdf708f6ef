// Token buckets, in memory and in Redis: one contract.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryBuckets } from '../../gateway/limits/memory-buckets.ts';
import type { Buckets } from '../../gateway/limits/rate-limit.ts';
import { RedisBuckets } from '../../gateway/limits/redis-buckets.ts';
import { RedisConnection } from '../../gateway/redis/redis-connection.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

/** A tenth of a token a second: time does not matter within a test. */
const slow = { perSecond: 0.1, burst: 3 };

function itKeepsTheContract(buckets: () => Buckets): void {
  it('lets a burst through, then says when the next will be', async () => {
    for (let i = 0; i < 3; i++) expect(await buckets().take('a', slow, 1)).toBe(0);
    const waitMs = await buckets().take('a', slow, 1);
    expect(waitMs).toBeGreaterThan(9_000);
    expect(waitMs).toBeLessThanOrEqual(10_000);
  });

  it('counts clients apart', async () => {
    expect(await buckets().take('b', slow, 3)).toBe(0);
    expect(await buckets().take('c', slow, 3)).toBe(0);
    expect(await buckets().take('b', slow, 1)).toBeGreaterThan(0);
  });

  it('takes several tokens or none', async () => {
    expect(await buckets().take('d', slow, 2)).toBe(0);
    expect(await buckets().take('d', slow, 2)).toBeGreaterThan(9_000);
    expect(await buckets().take('d', slow, 1)).toBe(0);
  });

  it('takes names as they are', async () => {
    for (const name of ['__proto__', 'a b', 'ü', 'x:y', '*']) {
      expect(await buckets().take(name, slow, 3)).toBe(0);
      expect(await buckets().take(name, slow, 1)).toBeGreaterThan(0);
    }
  });
}

describe('buckets in memory', () => {
  const buckets = new MemoryBuckets();
  itKeepsTheContract(() => buckets);

  it('refill at their rate', () => {
    let now = 0;
    const clocked = new MemoryBuckets(() => now);
    const rule = { perSecond: 10, burst: 2 };
    expect([1, 2, 3].map(() => clocked.take('a', rule, 1))).toEqual([0, 0, 100]);
    now = 99;
    expect(clocked.take('a', rule, 1)).toBeCloseTo(1);
    now = 100;
    expect(clocked.take('a', rule, 1)).toBe(0);
    expect(clocked.take('a', rule, 1)).toBe(100);
    now = 100_000;
    expect([1, 2, 3].map(() => clocked.take('a', rule, 1))).toEqual([0, 0, 100]);
  });

  it('hold in the long run what they promise', () => {
    let now = 0;
    const clocked = new MemoryBuckets(() => now);
    let passed = 0;
    for (; now < 60_000; now += 3) if (clocked.take('a', { perSecond: 50, burst: 100 }, 1) === 0) passed++;
    expect(passed).toBeGreaterThan(50 * 60);
    expect(passed).toBeLessThanOrEqual(50 * 60 + 100);
  });

  it('forget clients whose buckets are full', () => {
    let now = 0;
    const clocked = new MemoryBuckets(() => now);
    for (let i = 0; i < 50_000; i++) {
      now += 10;
      clocked.take(`client-${i}`, { perSecond: 100, burst: 1 }, 1);
    }
    expect(clocked.size).toBeLessThanOrEqual(20_000);
  });
});

describe.skipIf(!hasRedis)('buckets in Redis', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  let other: RedisConnection;
  let buckets: Buckets;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new RedisConnection({ url: server.url, prefix: 't:', timeout: 5000 });
    other = new RedisConnection({ url: server.url, prefix: 't:', timeout: 5000 });
    await Promise.all([redis, other].map(isUp));
    buckets = new RedisBuckets(redis, () => 2);
  });

  afterAll(async () => {
    redis.close();
    other.close();
    await server.kill();
  });

  itKeepsTheContract(() => buckets);

  it('are one for all gateways', async () => {
    const elsewhere = new RedisBuckets(other, () => 2);
    expect(await buckets.take('shared', slow, 2)).toBe(0);
    expect(await elsewhere.take('shared', slow, 1)).toBe(0);
    expect(await elsewhere.take('shared', slow, 1)).toBeGreaterThan(0);
    expect(await buckets.take('shared', slow, 1)).toBeGreaterThan(0);
  });

  it('give way to a share in memory while Redis is away', async () => {
    await server.kill();
    const rule = { perSecond: 0.1, burst: 6 };
    const passed: boolean[] = [];
    for (let i = 0; i < 5; i++) passed.push((await buckets.take('away', rule, 1)) === 0);
    expect(passed).toEqual([true, true, true, false, false]);
    await server.start();
    await isUp(redis);
    for (let i = 0; i < 6; i++) expect(await buckets.take('away', rule, 1)).toBe(0);
  });
});

/** Resolves once commands are answered; rejects after 5 s. */
async function isUp(redis: RedisConnection): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!redis.up) {
    if (performance.now() > deadline) throw new Error('Redis does not come up');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
