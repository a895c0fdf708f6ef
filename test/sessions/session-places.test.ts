// Session places: all processes that share a store go by the same place, whoever moves a session and whenever they look.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisConnection } from '../../gateway/redis/redis-connection.ts';
import { RedisPlaces } from '../../gateway/sessions/redis-places.ts';
import type { PlaceNews, PlaceStore } from '../../gateway/sessions/session-places.ts';
import { SessionPlaces } from '../../gateway/sessions/session-places.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';
import { BORN, session } from './make-session.ts';

const one = { endpointId: 'e1', upstreamId: 'u1' };
const two = { endpointId: 'e2', upstreamId: 'u2' };
const now = () => BORN;

it('without a store a session lives where this process has moved it, until it ends', async () => {
  const places = new SessionPlaces(undefined, now);
  expect(places.locate(session)).toBe(session);
  expect(await places.move(session, one)).toMatchObject(one);
  expect(places.where(session)).toMatchObject(one);
  await places.end(session);
  expect(places.where(session)).toBe(session);
});

it('two servers may give their sessions the same id', async () => {
  const places = new SessionPlaces(undefined, now);
  const elsewhere = { endpointId: 'e2', upstreamId: session.upstreamId };
  expect(await places.move(session, elsewhere)).toMatchObject(elsewhere);
  expect(places.where(session)).toMatchObject(elsewhere);
});

it('what is heard while the store is asked is newer than its answer', async () => {
  const answer = Promise.withResolvers<'home'>();
  const store: PlaceStore = {
    up: true,
    find: () => answer.promise,
    move: (_nonce, _from, to) => Promise.resolve(to),
    end: () => Promise.resolve(true),
  };
  const places = new SessionPlaces(undefined, now);
  places.store = store;
  const located = places.locate(session);
  places.moved(session.nonce, two);
  answer.resolve('home');
  expect(await located).toMatchObject(two);
});

describe.skipIf(!hasRedis)('processes that share a Redis', () => {
  let redis: RedisServer;
  let connections: RedisConnection[];
  let news: string[];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.kill());
  beforeEach(() => {
    connections = [];
    news = [];
  });
  afterEach(() => {
    for (const connection of connections) connection.close();
  });

  /** The places of one process, once it is connected and hears. */
  async function process(prefix: string): Promise<SessionPlaces> {
    const connection = new RedisConnection({ url: redis.url, prefix, timeout: 1000 });
    connections.push(connection);
    const up = new Promise<void>((resolve) => connection.onState((is) => is && resolve()));
    const listener: PlaceNews = {
      moved: (_nonce, { upstreamId }) => news.push(`moved ${upstreamId}`),
      ended: () => news.push('ended'),
    };
    const places = new SessionPlaces(listener, now);
    const hears = new Promise<void>((resolve) => {
      connection.subscribe('sessions:moved', { message: () => {}, joined: resolve });
    });
    places.store = new RedisPlaces(connection, places);
    await Promise.all([up, hears]);
    return places;
  }
  const heard = (what: string, times: number) =>
    expect.poll(() => news.filter((one) => one === what).length, { timeout: 3000 }).toBe(times);

  it('agree on one place when two move a session at once', async () => {
    const [a, b] = [await process('race:'), await process('race:')];
    const moved = await Promise.all([a.move(session, one), b.move(session, two)]);
    expect(moved[0]?.upstreamId).toBe(moved[1]?.upstreamId);
    expect(a.where(session)).toEqual(b.where(session));
  });

  it('move a session again from where it was lost, and not from where it no longer was', async () => {
    const [a, b] = [await process('again:'), await process('again:')];
    const first = await a.move(session, one);
    expect(await b.move(session, two)).toMatchObject(one);
    expect(await b.move({ ...session, ...one }, two)).toMatchObject(two);
    expect(first).toMatchObject(one);
    await heard('moved u2', 2);
    expect(a.where(session)).toMatchObject(two);
  });

  it('hear of moves and ends at once, and those that start later look', async () => {
    const [a, b] = [await process('late:'), await process('late:')];
    expect(await b.locate(session)).toBe(session);
    await a.move(session, one);
    await heard('moved u1', 2);
    expect(b.locate(session)).toMatchObject(one);
    const c = await process('late:');
    const located = c.locate(session);
    expect(located).toBeInstanceOf(Promise);
    expect(await located).toMatchObject(one);
    expect(c.locate(session)).not.toBeInstanceOf(Promise);
    await a.end(session);
    await heard('ended', 3);
    const d = await process('late:');
    expect(await d.current(session)).toBeUndefined();
    expect(await d.move(session, two)).toBeUndefined();
  });

  it('tell again what Redis has lost', async () => {
    const [a, b] = [await process('lost:'), await process('lost:')];
    await a.move(session, one);
    await heard('moved u1', 2);
    await redis.kill();
    await expect.poll(() => connections.some(({ up }) => up), { timeout: 5000 }).toBe(false);
    await redis.start();
    await expect
      .poll(async () => (await a.locate(session)) && (await b.locate(session)).upstreamId, { timeout: 5000 })
      .toBe('u1');
    const c = await process('lost:');
    await expect
      .poll(
        async () => {
          await a.locate(session);
          return (await c.current(session))?.upstreamId;
        },
        { timeout: 5000 },
      )
      .toBe('u1');
  });
});
