// Rates at a running gateway.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';

let upstream: GatedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await GatedUpstream.start((call) => call.text('done'));
  gateway = await startGateway({
    limits: { rate: { per_second: 0.1, burst: 2 } },
    clients: [
      { id: 'a', api_key: 'key-a' },
      { id: 'b', api_key: 'key-b' },
      { id: 'free', api_key: 'key-free', rate: { per_second: 0 } },
    ],
    pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: {} }, 9);
const call = (key: string) => rawCall(gateway.url, body, { ...headers, 'x-api-key': key });

it('a client over its rate is told when to come back, and others are not concerned', async () => {
  const statuses = [await call('key-a'), await call('key-a'), await call('key-a')];
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
  const refused = statuses[2];
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(8);
  expect(refused?.json).toMatchObject({
    id: 9,
    error: {
      data: { source: 'gateway', reason: 'rate_limited', retry_after_ms: expect.any(Number) as unknown },
    },
  });
  expect((await call('key-b')).status).toBe(200);
});

it('a client may be exempt', async () => {
  for (let i = 0; i < 5; i++) expect((await call('key-free')).status).toBe(200);
});

it('notifications spend nothing', async () => {
  const notice = { jsonrpc: '2.0', method: 'notifications/progress', params: {} };
  for (let i = 0; i < 5; i++) {
    const sent = legacyRequest('x').headers;
    expect((await rawCall(gateway.url, notice, { ...sent, 'x-api-key': 'key-b' })).status).toBe(202);
  }
  expect((await call('key-b')).status).toBe(200);
  expect((await call('key-b')).status).toBe(429);
});
