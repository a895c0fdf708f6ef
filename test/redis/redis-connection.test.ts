// Holds the connection to Redis to its promise: it answers soon or not at all, and is used again when Redis is back.
import { afterEach, describe, expect, it } from 'vitest';
import type { RedisSettings } from '../../gateway/redis/redis-connection.ts';
import { RedisConnection } from '../../gateway/redis/redis-connection.ts';
import { startSlowLink } from '../../scripts/show/slow-link.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(...options: string[]): Promise<RedisServer> {
  const started = await RedisServer.start(...options);
  closing.push(() => started.kill());
  return started;
}

function connection(settings: Partial<RedisSettings> & { url: string }) {
  const redis = new RedisConnection({ prefix: 't:', timeout: 50, ...settings });
  closing.push(() => redis.close());
  const states: string[] = [];
  const waiting = new Map<boolean, (() => void)[]>();
  redis.onState((up, why) => {
    states.push(up ? 'up' : `down: ${why}`);
    for (const wake of waiting.get(up)?.splice(0) ?? []) wake();
  });
  const becomes = (up: boolean) =>
    new Promise<void>((resolve, reject) => {
      if (redis.up === up && states.length > 0) return resolve();
      const timer = setTimeout(() => reject(new Error(`not ${up ? 'up' : 'down'} after 15 s`)), 15_000);
      const list = waiting.get(up) ?? [];
      waiting.set(up, list);
      list.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  return { redis, states, becomes };
}

const set = (redis: RedisConnection) => redis.run((client) => client.set('t:a', '1'));
const get = (redis: RedisConnection) => redis.run((client) => client.get('t:a'));

describe.skipIf(!hasRedis)('the connection to Redis', () => {
  it('runs commands and scripts, and tells absence from being away', async () => {
    const { url } = await server();
    const { redis, becomes, states } = connection({ url });
    const add = redis.script('addTo', "return redis.call('INCRBY', KEYS[1], ARGV[1])", 1);
    expect(await get(redis)).toBeUndefined();
    await becomes(true);
    expect(await get(redis)).toBeNull();
    await set(redis);
    expect(await add('t:a', 41)).toBe(42);
    expect(states).toEqual(['up']);
  });

  it('says so once when there is no Redis at the start, and comes up with it', async () => {
    const redisServer = await server();
    await redisServer.kill();
    const { redis, becomes, states } = connection({ url: redisServer.url });
    await becomes(false);
    expect(await get(redis)).toBeUndefined();
    await redisServer.start();
    await becomes(true);
    expect(states).toEqual([expect.stringMatching(/^down: .*ECONNREFUSED/), 'up']);
  });

  it('gives nothing rather than an error when Redis is killed, and is back with it', async () => {
    const redisServer = await server();
    const { redis, becomes, states } = connection({ url: redisServer.url });
    await becomes(true);
    const before = get(redis);
    await redisServer.kill();
    await before;
    await becomes(false);
    expect(await get(redis)).toBeUndefined();
    await redisServer.start();
    await becomes(true);
    expect(await get(redis)).toBeNull();
    expect(states).toHaveLength(3);
  });

  it('leaves a Redis that hangs after three commands, and asks it no more until it is well', async () => {
    const redisServer = await server();
    const { redis, becomes, states } = connection({ url: redisServer.url });
    await becomes(true);
    redisServer.pause();
    for (let i = 0; i < 3; i++) expect(await get(redis)).toBeUndefined();
    expect(redis.up).toBe(false);
    expect(states.at(-1)).toBe('down: no answer within 50 ms');
    redisServer.resume();
    await becomes(true);
    expect(await get(redis)).toBeNull();
  });

  it('leaves a Redis that is slow, and stays away while it is', async () => {
    const { port } = await server();
    const link = await startSlowLink(port);
    closing.push(() => link.close());
    const { redis, becomes } = connection({ url: `redis://127.0.0.1:${link.port}` });
    await becomes(true);
    link.delayMs = 500;
    expect(await Promise.all([get(redis), get(redis), get(redis)])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(redis.up).toBe(false);
    link.delayMs = 0;
    await becomes(true);
    await set(redis);
    expect(await get(redis)).toBe('1');
  });

  it('keeps reading from a Redis that is full', async () => {
    const { url } = await server('--maxmemory', '1kb');
    const { redis, becomes } = connection({ url });
    await becomes(true);
    for (let i = 0; i < 10; i++) expect(await set(redis)).toBeUndefined();
    expect(await get(redis)).toBeNull();
    expect(redis.up).toBe(true);
  });

  it('carries messages, and tells listeners when they have missed some', async () => {
    const redisServer = await server();
    const one = connection({ url: redisServer.url });
    const two = connection({ url: redisServer.url });
    const heard: string[] = [];
    let joined: () => void = () => {};
    let said: () => void = () => {};
    const next = () =>
      new Promise<void>((resolve) => {
        said = resolve;
      });
    const join = () =>
      new Promise<void>((resolve) => {
        joined = resolve;
      });
    const first = join();
    two.redis.subscribe('news', {
      message: (text) => {
        heard.push(text);
        said();
      },
      joined: () => {
        heard.push('joined');
        joined();
      },
      left: () => heard.push('left'),
    });
    await first;
    await one.becomes(true);
    const message = next();
    await one.redis.publish('news', 'hello');
    await message;
    const again = join();
    await redisServer.kill();
    await redisServer.start();
    await again;
    expect(heard).toEqual(['joined', 'hello', 'left', 'joined']);
  });
});
