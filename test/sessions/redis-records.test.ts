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
    const yaml = `redis: { url: "redis://127.0.0.1:${redis.port}" }
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
    expect(await a.metric('mcp_gateway_session_recoveries_total', 'result="adopted"')).toBe(1);
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
