// Recovery over several gateways that share a Redis: each knows what the others have seen, and where they moved sessions.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

describe.skipIf(!hasRedis)('gateways that share a Redis', () => {
  let redis: RedisServer;
  let ups: [FaultUpstream, FaultUpstream];
  let gateways: TestGateway[];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.kill());

  beforeEach(async () => {
    ups = [
      await startFaults({ sessions: true, name: 'one' }),
      await startFaults({ sessions: true, name: 'two' }),
    ];
    const yaml = `redis: { url: "redis://127.0.0.1:${redis.port}", timeout: 500ms }
session_keys: ["${randomBytes(32).toString('hex')}"]
pools:
  - name: a
    endpoints: [{ url: "${ups[0].url}" }, { url: "${ups[1].url}" }]
    tools: [{ match: "ok*", retry: safe }]
`;
    gateways = [await startGateway(yaml), await startGateway(yaml)];
    for (const gw of gateways) {
      await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_redis_up')).toBe(1), {
        timeout: 5000,
      });
    }
  });

  afterEach(async () => {
    for (const gw of gateways) await gw.stop(500);
    for (const up of ups) await up.close();
  });

  async function open(gw: TestGateway): Promise<string> {
    const { body, headers } = initializeRequest();
    const { headers: answered } = await rawCall(gw.at(), body, headers);
    return String(answered['mcp-session-id']);
  }

  async function call(gw: TestGateway, id: string, tool: string): Promise<number> {
    const { body, headers } = legacyRequest('tools/call', { name: tool, arguments: {} }, 5, id);
    return (await rawCall(gw.at(), body, headers)).status;
  }

  const recovered = (gw: TestGateway, result: string) =>
    gw.metric('mcp_gateway_session_recoveries_total', `result="${result}"`);
  const initializes = () => ups.reduce((sum, up) => sum + up.calls('initialize').length, 0);
  const loseAll = () => {
    for (const up of ups) up.sessions.clear();
  };

  it('recover under auto what only read anywhere, once for all of them', async () => {
    const [a, b] = gateways as [TestGateway, TestGateway];
    const id = await open(a);
    expect(await call(b, id, 'ok')).toBe(200);
    loseAll();
    const before = initializes();
    expect(await call(b, id, 'ok')).toBe(200);
    expect(await call(a, id, 'ok')).toBe(200);
    expect(initializes()).toBe(before + 1);
  });

  it('move a session together when both find it lost at once', async () => {
    const [a, b] = gateways as [TestGateway, TestGateway];
    const id = await open(a);
    expect(await call(b, id, 'ok')).toBe(200);
    loseAll();
    const both = Promise.withResolvers<void>();
    const before = initializes();
    for (const up of ups) {
      up.hold = ({ message }) => {
        if (initializes() === before + 2) both.resolve();
        return message?.method === 'initialize' ? both.promise : undefined;
      };
    }
    expect(await Promise.all([call(a, id, 'ok'), call(b, id, 'ok')])).toEqual([200, 200]);
    await expect.poll(() => ups.reduce((sum, up) => sum + up.sessions.size, 0)).toBe(1);
    const recoveries = async (result: string) => (await recovered(a, result)) + (await recovered(b, result));
    expect([await recoveries('recovered'), await recoveries('adopted')]).toEqual([1, 1]);
    expect([await call(a, id, 'write'), await call(b, id, 'write')]).toEqual([200, 200]);
    const used = ups.flatMap((up) => up.calls().filter(({ message }) => message?.params?.name === 'write'));
    expect(new Set(used.map(({ headers }) => headers['mcp-session-id'])).size).toBe(1);
  });

  it('find a session where another has moved it, though the old one is there again', async () => {
    const [a, b] = gateways as [TestGateway, TestGateway];
    const id = await open(a);
    const [home, other] = ups[0].sessions.size > 0 ? ups : [ups[1], ups[0]];
    await home.refuse();
    expect(await call(a, id, 'ok')).toBe(200);
    await home.listen();
    expect(await call(b, id, 'ok')).toBe(200);
    expect([home.calls().length, other.calls().length]).toEqual([0, 2]);
  });

  it('answer 404 in a session that its client has ended at another', async () => {
    const [a, b] = gateways as [TestGateway, TestGateway];
    const [seen, unseen] = [await open(a), await open(a)];
    expect(await call(b, seen, 'ok')).toBe(200);
    for (const id of [seen, unseen]) {
      const headers = { 'mcp-session-id': id };
      expect((await fetch(a.at(), { method: 'DELETE', headers })).status).toBe(200);
    }
    const before = initializes();
    expect([await call(b, seen, 'ok'), await call(b, unseen, 'ok')]).toEqual([404, 404]);
    expect(initializes()).toBe(before);
  });

  it('know of each other’s traces', async () => {
    const [a, b] = gateways as [TestGateway, TestGateway];
    const id = await open(a);
    expect(await call(b, id, 'write')).toBe(200);
    loseAll();
    expect(await call(a, id, 'ok')).toBe(404);
  });

  it('take nothing for granted while Redis is away', async () => {
    const [a] = gateways as [TestGateway, TestGateway];
    const id = await open(a);
    redis.pause();
    loseAll();
    expect(await call(a, id, 'ok')).toBe(404);
    redis.resume();
  });
});
