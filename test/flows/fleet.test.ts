// Two gateways and one Redis: one limit for both, and no call that fails because Redis does.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';

const LIMIT = 4;

describe.skipIf(!hasRedis)('two gateways that share a Redis', () => {
  let redis: RedisServer;
  let upstream: GatedUpstream;
  let gateways: TestGateway[];

  beforeEach(async () => {
    gateways = [];
    redis = await RedisServer.start();
    upstream = await GatedUpstream.start((call) => {
      setTimeout(() => call.text(call.message.params?.name === 'export' ? 'x'.repeat(9000) : 'done'), 10);
    });
    const config = {
      redis: { url: redis.url },
      session_keys: [randomBytes(32).toString('hex')],
      limits: { concurrency: LIMIT, queue: { size: 1000, timeout: '20s' }, response_chars: 1000 },
      clients: [
        { id: 'a', api_key: 'key-a' },
        { id: 'rated', api_key: 'key-rated', rate: { per_second: 0.01, burst: 3 } },
      ],
      pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }],
    };
    for (let i = 0; i < 2; i++) gateways.push(await startGateway(config));
    for (const gateway of gateways) await redisIs(gateway, 1);
  });

  afterEach(async () => {
    for (const gateway of gateways) await gateway.stop();
    await upstream.close();
    await redis.kill();
  });

  async function redisIs(gateway: TestGateway, up: 0 | 1): Promise<void> {
    await expect
      .poll(async () => (await gateway.metrics()).get('mcp_gateway_redis_up'), { timeout: 5000 })
      .toBe(up);
  }

  function call(gateway: TestGateway | undefined, key = 'key-a', name = 'echo') {
    const { body, headers } = modernRequest('tools/call', { name, arguments: {} });
    return rawCall(gateway?.url ?? '', body, { ...headers, 'x-api-key': key });
  }

  /** Calls from `workers` callers at each gateway for as long as `going`; the statuses seen. */
  async function load(workers: number, going: () => boolean): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    const deadline = performance.now() + 15_000;
    const callers = Array.from({ length: workers * 2 }, async (_, i) => {
      while (going() && performance.now() < deadline) {
        const { status } = await call(gateways[i % 2]);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    await Promise.all(callers);
    return statuses;
  }

  /** Most calls at once during the next fifty. */
  async function mostOfMany(): Promise<number> {
    upstream.mostInFlight = 0;
    const from = upstream.messages.length;
    await expect.poll(() => upstream.messages.length - from, { timeout: 3000 }).toBeGreaterThan(50);
    return upstream.mostInFlight;
  }

  it('never have more calls upstream in all than the client has slots', async () => {
    let left = 300;
    const statuses = await load(10, () => left-- > 0);
    expect([...statuses.keys()]).toEqual([200]);
    expect(upstream.mostInFlight).toBe(LIMIT);
  });

  it('free the slots of cancelled calls for each other', async () => {
    upstream.onCall = undefined;
    const [one, other] = gateways;
    const key = { 'x-api-key': 'key-a' };
    const opened = await rawCall(one?.url ?? '', initializeRequest().body, key);
    const id = String(opened.headers['mcp-session-id']);
    const send = (method: string, params: object, requestId?: number) => {
      const { body, headers } = legacyRequest(method, { ...params }, requestId, id);
      const message = requestId === undefined ? { ...body, id: undefined } : body;
      return rawCall(one?.url ?? '', message, { ...headers, ...key });
    };
    const calls = [1, 2, 3, 4].map((requestId) => send('tools/call', { name: 'echo' }, requestId));
    await upstream.whenHeld(LIMIT);
    for (const requestId of [1, 2]) await send('notifications/cancelled', { requestId });
    calls.push(...[1, 2, 3].map(() => call(other)));
    await upstream.whenHeld(LIMIT + 2);
    const depth = 'mcp_gateway_queue_depth{client="a"}';
    await expect.poll(async () => (await other?.metrics())?.get(depth)).toBe(1);
    expect(upstream.held).toHaveLength(LIMIT + 2);
    upstream.onCall = (late) => setTimeout(() => late.text('done'), 10);
    upstream.releaseAll();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(7).fill(200));
    upstream.mostInFlight = 0;
    const statuses = await load(10, () => upstream.messages.length < 200);
    expect([[...statuses.keys()], upstream.mostInFlight]).toEqual([[200], LIMIT]);
  });

  it('go on with their shares while Redis is away, and count together again when it is back', async () => {
    let going = true;
    const statuses = load(6, () => going);
    // Gateways hear of each other once a second; a share is one of as many as were heard of.
    await expect.poll(() => upstream.messages.length, { timeout: 8000 }).toBeGreaterThan(500);
    await redis.kill();
    for (const gateway of gateways) await redisIs(gateway, 0);
    await expect.poll(mostOfMany, { timeout: 3000 }).toBeLessThanOrEqual(LIMIT);
    await redis.start();
    for (const gateway of gateways) await redisIs(gateway, 1);
    await expect.poll(mostOfMany, { timeout: 3000 }).toBeLessThanOrEqual(LIMIT);
    going = false;
    expect([...(await statuses).keys()]).toEqual([200]);
  });

  it('count one rate', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await call(gateways[i % 2], 'key-rated')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  it('read each other’s full results', async () => {
    const { json } = await call(gateways[0], 'key-a', 'export');
    const content = (json as { result: { content: { uri?: string }[] } }).result.content;
    const uri = content.find((item) => item.uri !== undefined)?.uri ?? '';
    const { body, headers } = modernRequest('resources/read', { uri });
    const read = async (key: string) =>
      (await rawCall(gateways[1]?.url ?? '', body, { ...headers, 'x-api-key': key })).json;
    await expect
      .poll(() => read('key-a'))
      .toMatchObject({ result: { contents: [{ text: 'x'.repeat(1000) }, {}] } });
    expect(await read('key-rated')).toMatchObject({ error: { code: -32602 } });
  });
});
