// Slots and queues at a running gateway: bounds that hold, fairness, and nothing left behind.
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

let upstream: GatedUpstream;
let gateway: TestGateway;

async function start(limits: object, pool: object = {}): Promise<void> {
  upstream = await GatedUpstream.start();
  gateway = await startGateway({
    limits,
    clients: ['a', 'b', 'c'].map((id) => ({ id, api_key: `key-${id}` })),
    pools: [{ name: 'p', endpoints: [{ url: upstream.url }], ...pool }],
  });
}

afterEach(async () => {
  upstream.releaseAll();
  await gateway.stop();
  await upstream.close();
});

function call(client = 'a', name = 'echo') {
  const { body, headers } = modernRequest('tools/call', { name, arguments: { client } }, 1);
  return rawCall(gateway.url, body, { ...headers, 'x-api-key': `key-${client}` });
}

/** A call whose client leaves when `leave` is called. */
function leavingCall({ body, headers }: { body: unknown; headers: Record<string, string> }): () => void {
  const text = JSON.stringify(body);
  const sent = request(gateway.url, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
  });
  sent.on('error', () => undefined);
  sent.end(text);
  return () => sent.destroy();
}

async function until(what: string, wanted: number): Promise<void> {
  const deadline = performance.now() + 3000;
  while (((await gateway.metrics()).get(what) ?? 0) !== wanted) {
    if (performance.now() > deadline) throw new Error(`${what} is not ${wanted}`);
  }
}

const depthOf = (client: string) => `mcp_gateway_queue_depth{client="${client}"}`;

function reasons(answers: { status: number; json: unknown }[]): string[] {
  return answers.map(
    ({ status, json }) =>
      `${status} ${(json as { error?: { data?: { reason?: string } } }).error?.data?.reason ?? ''}`,
  );
}

describe('a client over its slots', () => {
  it('has as many calls upstream as it has slots, as many waiting as its queue holds, and 429 for the rest', async () => {
    await start({ concurrency: 3, queue: { size: 4, timeout: '10s' } });
    const answers = Promise.all(Array.from({ length: 10 }, () => call()));
    await upstream.whenHeld(3);
    await until(depthOf('a'), 4);
    await until('mcp_gateway_refusals_total{reason="too_many_concurrent"}', 3);
    expect(upstream.held).toHaveLength(3);
    upstream.onCall = (one) => one.text('done');
    upstream.releaseAll();
    const outcomes = reasons(await answers);
    expect(outcomes.filter((outcome) => outcome.startsWith('200'))).toHaveLength(7);
    expect(outcomes.filter((outcome) => outcome === '429 too_many_concurrent')).toHaveLength(3);
    expect(upstream.mostInFlight).toBe(3);
  });

  it('is told so, with its id and when to come back, once its queue timeout has passed', async () => {
    await start({ concurrency: 1, queue: { size: 5, timeout: '50ms' } });
    const first = call();
    await upstream.whenHeld(1);
    const late = await call();
    expect(late.status).toBe(429);
    expect(late.headers['retry-after']).toBe('1');
    expect(late.json).toMatchObject({
      id: 1,
      error: { data: { source: 'gateway', reason: 'too_many_concurrent', retry_after_ms: 1000 } },
    });
    upstream.releaseAll();
    expect((await first).status).toBe(200);
  });

  it('does not keep others waiting', async () => {
    await start({ concurrency: 2, queue: { size: 50, timeout: '10s' } });
    const greedy = Promise.all(Array.from({ length: 20 }, () => call('a')));
    await upstream.whenHeld(2);
    const other = call('b');
    await upstream.whenHeld(3);
    upstream.onCall = (one) => one.text('done');
    upstream.releaseAll();
    expect((await other).status).toBe(200);
    expect(reasons(await greedy).every((outcome) => outcome === '200 ')).toBe(true);
  });

  it('gives its call a place in the queue back when it leaves', async () => {
    await start({ concurrency: 1, queue: { size: 1, timeout: '10s' } });
    const first = call();
    await upstream.whenHeld(1);
    const leave = leavingCall(withKey(modernRequest('tools/call', { name: 'echo', arguments: {} })));
    await until(depthOf('a'), 1);
    expect((await call()).status).toBe(429);
    leave();
    await until(depthOf('a'), 0);
    const next = call();
    await until(depthOf('a'), 1);
    upstream.onCall = (one) => one.text('done');
    upstream.releaseAll();
    expect((await first).status).toBe(200);
    expect((await next).status).toBe(200);
    expect(upstream.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(2);
  });

  it('can still send notifications, answers and DELETE, which a call in flight may wait for', async () => {
    await start({ concurrency: 1, queue: { size: 0, timeout: '1s' } });
    const opened = await rawCall(gateway.url, initializeRequest().body, { 'x-api-key': 'key-a' });
    const session = String(opened.headers['mcp-session-id']);
    const first = call();
    await upstream.whenHeld(1);
    expect((await call()).status).toBe(429);
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25', 'x-api-key': 'key-a' };
    const answer = { jsonrpc: '2.0', id: 5, result: { action: 'accept' } };
    const notice = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' };
    expect((await rawCall(gateway.url, answer, headers)).status).toBe(202);
    expect((await rawCall(gateway.url, notice, headers)).status).toBe(202);
    expect((await rawCall(gateway.url, undefined, headers, { method: 'DELETE' })).status).toBe(200);
    upstream.releaseAll();
    await first;
  });

  it('pays for each call of a batch', async () => {
    await start({ concurrency: 3, queue: { size: 0 } });
    const batch = [1, 2].map((id) => legacyRequest('tools/call', { name: 'echo', arguments: {} }, id).body);
    const headers = { 'x-api-key': 'key-a' };
    // The scripted upstream does not speak batches; that it was asked is all that counts.
    const first = rawCall(gateway.url, batch, headers);
    await first;
    const calls = [call(), call()];
    await upstream.whenHeld(2);
    const second = await rawCall(gateway.url, batch, headers);
    expect(second.status).toBe(429);
    expect(second.json).toMatchObject([{ id: 1 }, { id: 2 }]);
    upstream.releaseAll();
    await Promise.all(calls);
  });
});

function withKey(message: { body: unknown; headers: Record<string, string> }) {
  return { ...message, headers: { ...message.headers, 'x-api-key': 'key-a' } };
}

describe('a call whose client has gone', () => {
  it('keeps its slot in the older era until the upstream is done', async () => {
    await start({ concurrency: 1, queue: { size: 0 } });
    const opened = await rawCall(gateway.url, initializeRequest().body, { 'x-api-key': 'key-a' });
    const session = String(opened.headers['mcp-session-id']);
    const message = legacyRequest('tools/call', { name: 'echo', arguments: {} }, 2, session);
    const leave = leavingCall(withKey(message));
    await upstream.whenHeld(1);
    const gone = new Promise((resolve) => upstream.held[0]?.response.once('close', resolve));
    leave();
    expect((await call()).status).toBe(429);
    upstream.releaseAll();
    await gone;
    await until('mcp_gateway_in_flight{client="a"}', 0);
    upstream.onCall = (one) => one.text('done');
    expect((await call()).status).toBe(200);
  });

  it('gives its slot back at once in the newer era, where leaving cancels', async () => {
    await start({ concurrency: 1, queue: { size: 0 } });
    const leave = leavingCall(withKey(modernRequest('tools/call', { name: 'echo', arguments: {} })));
    await upstream.whenHeld(1);
    const gone = new Promise((resolve) => upstream.held[0]?.response.once('close', resolve));
    leave();
    await gone;
    await until('mcp_gateway_in_flight{client="a"}', 0);
    upstream.onCall = (one) => one.text('done');
    expect((await call()).status).toBe(200);
  });
});

describe('streams', () => {
  it('have a cap of their own and take no slot', async () => {
    await start({ concurrency: 1, queue: { size: 0 }, streams_per_client: 2 });
    const opened = await rawCall(gateway.url, initializeRequest().body, { 'x-api-key': 'key-a' });
    const session = String(opened.headers['mcp-session-id']);
    const headers = { 'mcp-session-id': session, 'x-api-key': 'key-a', accept: 'text/event-stream' };
    const open = () =>
      new Promise<{ status: number; close: () => void }>((resolve) => {
        const sent = request(gateway.url, { method: 'GET', agent: false, headers });
        sent.on('error', () => undefined);
        sent.on('response', (response) => {
          response.on('error', () => undefined).resume();
          resolve({ status: response.statusCode ?? 0, close: () => sent.destroy() });
        });
        sent.end();
      });
    const streams = [await open(), await open(), await open()];
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 429]);
    const running = call();
    await upstream.whenHeld(1);
    upstream.releaseAll();
    expect((await running).status).toBe(200);
    for (const { close } of streams) close();
  });
});

describe('what all clients share', () => {
  it.each([
    ['a tool', {}, { tools: [{ match: 'echo', concurrency: 1 }] }],
    ['an endpoint', {}, { max_in_flight: 1 }],
  ])('%s with a limit is given to clients in turn', async (_what, limits, pool) => {
    await start({ concurrency: 10, queue: { size: 50, timeout: '10s' }, ...limits }, pool);
    const order: unknown[] = [];
    const first = call('a');
    await upstream.whenHeld(1);
    const rest = [...'aaaabc'].map((client) => call(client));
    await until('mcp_gateway_in_flight{client="a"}', 5);
    await until('mcp_gateway_in_flight{client="b"}', 1);
    await until('mcp_gateway_in_flight{client="c"}', 1);
    upstream.onCall = (one) => {
      order.push(one.message.params?.arguments?.['client']);
      setImmediate(() => one.text('done'));
    };
    upstream.releaseAll();
    const answers = await Promise.all([first, ...rest]);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(upstream.mostInFlight).toBe(1);
    expect(new Set(order.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('refuses with 503 who waits for it longer than the queue timeout', async () => {
    await start({ queue: { size: 5, timeout: '50ms' } }, { tools: [{ match: 'echo', concurrency: 1 }] });
    const first = call('a');
    await upstream.whenHeld(1);
    expect(reasons([await call('b')])).toEqual(['503 overloaded']);
    upstream.onCall = (one) => one.text('done');
    expect((await call('b', 'other')).status).toBe(200);
    upstream.releaseAll();
    await first;
  });

  it('spreads calls over endpoints up to the limit of each', async () => {
    upstream = await GatedUpstream.start();
    const second = await GatedUpstream.start();
    gateway = await startGateway({
      clients: [{ id: 'a', api_key: 'key-a' }],
      pools: [{ name: 'p', endpoints: [{ url: upstream.url }, { url: second.url }], max_in_flight: 2 }],
    });
    const calls = Array.from({ length: 6 }, () => call());
    await Promise.all([upstream.whenHeld(2), second.whenHeld(2)]);
    await until('mcp_gateway_in_flight{client="a"}', 6);
    for (const one of [upstream, second]) one.onCall = (held) => held.text('done');
    second.releaseAll();
    upstream.releaseAll();
    expect((await Promise.all(calls)).every(({ status }) => status === 200)).toBe(true);
    expect([upstream.mostInFlight, second.mostInFlight]).toEqual([2, 2]);
    await second.close();
  });

  it('sends a call again that breaks before it lets others in', async () => {
    await start({}, { max_in_flight: 1, tools: [{ match: 'echo', retry: 'safe' }] });
    const calls = [call('a')];
    await upstream.whenHeld(1);
    calls.push(call('b'), call('c'));
    for (const client of ['b', 'c']) await until(`mcp_gateway_in_flight{client="${client}"}`, 1);
    upstream.onCall = (one) => setTimeout(() => one.text('done'), 100);
    upstream.held.pop()?.response.socket?.resetAndDestroy();
    expect(reasons(await Promise.all(calls))).toEqual(['200 ', '200 ', '200 ']);
    expect(upstream.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(4);
    expect(upstream.mostInFlight).toBe(1);
  });

  it('waits for an endpoint that is full when the one that has room turns out to be gone', async () => {
    upstream = await GatedUpstream.start();
    const second = await GatedUpstream.start();
    gateway = await startGateway({
      clients: [{ id: 'a', api_key: 'key-a' }],
      pools: [{ name: 'p', endpoints: [{ url: upstream.url }, { url: second.url }], max_in_flight: 1 }],
    });
    const calls = [call(), call()];
    await Promise.all([upstream.whenHeld(1), second.whenHeld(1)]);
    second.releaseAll();
    await Promise.race(calls);
    await second.close();
    calls.push(call());
    await until('mcp_gateway_in_flight{client="a"}', 2);
    upstream.releaseAll();
    await upstream.whenHeld(1);
    upstream.releaseAll();
    expect(reasons(await Promise.all(calls))).toEqual(['200 ', '200 ', '200 ']);
  });

  it('has room for streams and notifications however many calls there are', async () => {
    await start({}, { max_in_flight: 1 });
    const first = call();
    await upstream.whenHeld(1);
    const notice = modernRequest('notifications/roots/list_changed');
    const { id: _, ...body } = notice.body;
    const headers = { ...notice.headers, 'x-api-key': 'key-a' };
    expect((await rawCall(gateway.url, body, headers)).status).toBe(202);
    const leave = leavingCall(withKey(modernRequest('subscriptions/listen', { notifications: {} })));
    await until('mcp_gateway_streams{kind="listen"}', 1);
    leave();
    upstream.releaseAll();
    expect((await first).status).toBe(200);
  });
});
