// Sessions that clients never end: those over a client's number and those that are idle end by the gateway's hand.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

const SOON = { timeout: 5000 };
let up: FaultUpstream;
let gateways: TestGateway[];

beforeEach(async () => {
  up = await startFaults({ sessions: true });
  gateways = [];
});

afterEach(async () => {
  for (const gw of gateways) await gw.stop(500);
  await up.close();
});

async function start(yaml: string): Promise<TestGateway> {
  const gw = await startGateway(`${yaml}\npools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`);
  gateways.push(gw);
  return gw;
}

async function open(gw: TestGateway, key = ''): Promise<string> {
  const { body } = initializeRequest();
  const { headers } = await rawCall(gw.at(), body, key === '' ? {} : { 'x-api-key': key });
  return String(headers['mcp-session-id']);
}

async function ask(gw: TestGateway, id: string, key = ''): Promise<number> {
  const { body, headers } = legacyRequest('ping', {}, 2, id);
  return (await rawCall(gw.at(), body, { ...headers, ...(key !== '' && { 'x-api-key': key }) })).status;
}

const deleted = () => up.received.filter(({ method }) => method === 'DELETE').length;
const held = (gw: TestGateway) => gw.metric('mcp_gateway_sessions', '{pool="a"}');

describe('a client over its number of sessions', () => {
  it('loses the one that it has not used for longest: 404 for the client, DELETE for the server', async () => {
    const gw = await start('limits: { sessions: 2 }');
    const [first, second] = [await open(gw), await open(gw)];
    expect(await ask(gw, first)).toBe(200);
    const third = await open(gw);
    expect([await ask(gw, first), await ask(gw, second), await ask(gw, third)]).toEqual([200, 404, 200]);
    await vi.waitFor(() => expect(deleted()).toBe(1), SOON);
    expect(await held(gw)).toBe(2);
    expect(await gw.metric('mcp_gateway_sessions_ended_total', 'reason="limit"')).toBe(1);
  });

  it('has a number of its own where the configuration says so, and takes nothing from others', async () => {
    const gw = await start(
      'limits: { sessions: 1 }\nclients: [{ id: a, api_key: key-a }, { id: b, api_key: key-b, sessions: 2 }]',
    );
    const a = await open(gw, 'key-a');
    const b = [await open(gw, 'key-b'), await open(gw, 'key-b'), await open(gw, 'key-b')];
    expect(await Promise.all(b.map((id) => ask(gw, id, 'key-b')))).toEqual([404, 200, 200]);
    expect(await ask(gw, a, 'key-a')).toBe(200);
  });

  it('leaves nothing behind however many it opens', async () => {
    const gw = await start('limits: { sessions: 5 }');
    for (let i = 0; i < 100; i++) await open(gw);
    await vi.waitFor(() => expect(deleted()).toBe(95), SOON);
    expect(await held(gw)).toBe(5);
  });
});

describe('an idle session', () => {
  it('ends by itself', async () => {
    const gw = await start('limits: { session_idle: 10ms }');
    const id = await open(gw);
    await vi.waitFor(() => expect(deleted()).toBe(1), SOON);
    expect(await ask(gw, id)).toBe(404);
    expect(await held(gw)).toBe(0);
    for (const side of ['server', 'client']) {
      expect(await gw.metric(`mcp_${side}_session_duration_seconds_count`)).toBe(1);
    }
  });

  it('that its client ends is gone from the count at once', async () => {
    const gw = await start('');
    const id = await open(gw);
    expect(await held(gw)).toBe(1);
    await rawCall(gw.at(), undefined, { 'mcp-session-id': id }, { method: 'DELETE' });
    expect(await held(gw)).toBe(0);
  });
});

describe.skipIf(!hasRedis)('gateways that share their sessions and a Redis', () => {
  it('end a session when none of them has used it', async () => {
    const redis = await RedisServer.start();
    try {
      const yaml = `limits: { session_idle: 2s }
redis: { url: "${redis.url}", timeout: 5s }
session_keys: ["${randomBytes(32).toString('hex')}"]`;
      const [one, other] = [await start(yaml), await start(yaml)];
      for (const gw of gateways) {
        await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_redis_up')).toBe(1), SOON);
      }
      const [kept, left] = [await open(one), await open(one)];
      expect(await ask(other, left)).toBe(200);
      // In use at the other gateway only, until the one that opened it has forgotten it.
      await vi.waitFor(
        async () => {
          expect(await ask(other, kept)).toBe(200);
          expect(await held(one)).toBe(0);
        },
        { timeout: 8000, interval: 200 },
      );
      expect(await ask(one, kept)).toBe(200);
      await vi.waitFor(() => expect(deleted()).toBe(2), { timeout: 10_000 });
    } finally {
      for (const gw of gateways.splice(0)) await gw.stop(500);
      await redis.kill();
    }
  }, 30_000);
});
