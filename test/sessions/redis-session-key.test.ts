// Gateways without session keys that share a Redis: they agree on one, and lose no session where Redis comes late or forgets.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RedisConnection } from '../../gateway/redis/redis-connection.ts';
import type { KeyEvent } from '../../gateway/sessions/redis-session-key.ts';
import { RedisSessionKey } from '../../gateway/sessions/redis-session-key.ts';
import { newSessionKey } from '../../gateway/sessions/sealed-id.ts';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';
import { codec, scope, sealed, session } from './make-session.ts';

const BOUND = { timeout: 10_000 };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function redisServer(): Promise<RedisServer> {
  const server = await RedisServer.start();
  closing.push(() => server.kill());
  return server;
}

/** One process's part in the agreement. */
function member({ url }: RedisServer) {
  const redis = new RedisConnection({ url, prefix: 't:', timeout: 5000 });
  const adopted: string[] = [];
  const told: KeyEvent[] = [];
  const own = newSessionKey();
  const agreement = new RedisSessionKey(
    redis,
    own,
    (key) => adopted.push(key),
    (event) => told.push(event),
  );
  closing.push(() => {
    agreement.close();
    redis.close();
  });
  return { redis, own, adopted, told, agreement };
}

async function open(gateway: TestGateway): Promise<string> {
  const { body, headers } = initializeRequest();
  return String((await rawCall(gateway.at(), body, headers)).headers['mcp-session-id']);
}

async function ask(gateway: TestGateway, id: string): Promise<number> {
  const { body, headers } = legacyRequest('tools/call', { name: 'ok', arguments: {} }, 5, id);
  return (await rawCall(gateway.at(), body, headers)).status;
}

describe.skipIf(!hasRedis)('without session keys, gateways that share a Redis', () => {
  async function gateways(server: RedisServer, count: number): Promise<TestGateway[]> {
    const upstream = await startFaults({ sessions: true });
    closing.push(() => upstream.close());
    const yaml = `redis: { url: "${server.url}", timeout: 5s }\npools: [{ name: a, endpoints: [{ url: "${upstream.url}" }] }]\n`;
    return Promise.all(
      Array.from({ length: count }, async () => {
        const gateway = await startGateway(yaml);
        closing.push(() => gateway.stop(500));
        return gateway;
      }),
    );
  }

  it('open each other’s session ids from the first one on', async () => {
    const [a, b] = (await gateways(await redisServer(), 2)) as [TestGateway, TestGateway];
    const [ofA, ofB] = [await open(a), await open(b)];
    expect([await ask(b, ofA), await ask(a, ofB)]).toEqual([200, 200]);
  });

  it('start without it, and join the others when it comes without losing a session', async () => {
    const server = await redisServer();
    await server.kill();
    const [a, b] = (await gateways(server, 2)) as [TestGateway, TestGateway];
    const before = [await open(a), await open(b)] as const;
    expect(await ask(b, before[0])).toBe(404);
    await server.start();
    await vi.waitFor(async () => {
      expect([await ask(b, await open(a)), await ask(a, await open(b))]).toEqual([200, 200]);
    }, BOUND);
    expect([await ask(a, before[0]), await ask(b, before[1])]).toEqual([200, 200]);
  });
});

describe.skipIf(!hasRedis)('the session key in Redis', () => {
  it('is the first one’s, and no other', async () => {
    const server = await redisServer();
    const members = Array.from({ length: 4 }, () => member(server));
    await Promise.all(members.map(({ agreement }) => agreement.settled));
    const agreed = new Set(members.flatMap(({ adopted }) => adopted));
    expect(agreed.size).toBe(1);
    expect(members.map(({ own }) => own)).toContain([...agreed][0]);
    expect(members.flatMap(({ told }) => told)).toEqual(Array(4).fill('session_key_shared'));
  });

  it('is said once to be an own one while there is no Redis, and once to be shared', async () => {
    const server = await redisServer();
    await server.kill();
    const { agreement, told } = member(server);
    await agreement.settled;
    expect(told).toEqual(['session_key_own']);
    await server.start();
    await vi.waitFor(() => expect(told).toEqual(['session_key_own', 'session_key_shared']), BOUND);
  });

  it('is put back into a Redis that has lost it', async () => {
    const server = await redisServer();
    const { agreement, adopted, redis } = member(server);
    await agreement.settled;
    await server.kill();
    await vi.waitFor(() => expect(redis.up).toBe(false), BOUND);
    await server.start();
    await vi.waitFor(() => expect(adopted.length).toBeGreaterThan(1), BOUND);
    const late = member(server);
    await late.agreement.settled;
    expect(new Set([...adopted, ...late.adopted])).toEqual(new Set([adopted[0]]));
  });

  it('is not believed in a form that no gateway writes', async () => {
    const server = await redisServer();
    const first = member(server);
    await first.agreement.settled;
    await first.redis.run((redis) => redis.set('t:session-key', 'short'));
    const { agreement, told, adopted } = member(server);
    await agreement.settled;
    expect([told, adopted]).toEqual([['session_key_unsound'], []]);
  });
});

describe('a codec that is given another key', () => {
  it('seals with it, and opens what it sealed before', () => {
    const [ids, shared] = [codec([newSessionKey()]), newSessionKey()];
    const before = sealed(ids);
    ids.sealWith(shared);
    ids.sealWith(shared);
    expect(ids.open(before, scope())).toEqual(session);
    expect(codec([shared]).open(sealed(ids), scope())).toEqual(session);
  });
});
