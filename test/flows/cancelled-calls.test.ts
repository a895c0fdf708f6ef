// Calls that clients cancel with a notification: they keep their servers' time, but do not lock their clients out.
import { afterEach, describe, expect, it } from 'vitest';
import type { RawAnswer } from '../support/clients.ts';
import { connectV1, rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyNotice, legacyRequest } from '../support/message.ts';

let up: FaultUpstream;
let gw: TestGateway;

/**
 * A client has three slots and no queue unless `limits` says otherwise. There is one server, under two names: a last
 * endpoint would never be ejected.
 */
async function start(limits = 'queue: { size: 0 }', pool = ''): Promise<void> {
  up = await startFaults({ sessions: true });
  const urls = [up.url, up.url.replace('127.0.0.1', 'localhost')].map((url) => `{ url: "${url}" }`);
  gw = await startGateway(
    `limits: { concurrency: 3, ${limits} }\npools: [{ name: a, endpoints: [${urls.join(', ')}], ${pool} }]\n`,
  );
}

afterEach(async () => {
  await gw.stop(500);
  await up.close();
});

async function session(): Promise<string> {
  const { headers } = await rawCall(gw.at(), initializeRequest().body);
  return String(headers['mcp-session-id']);
}

function call(id: string, tool: string, requestId: number, args: Record<string, unknown> = {}) {
  const { body, headers } = legacyRequest('tools/call', { name: tool, arguments: args }, requestId, id);
  return rawCall(gw.at(), body, headers);
}

async function cancel(id: string, requestId: number): Promise<void> {
  const { body, headers } = legacyNotice('notifications/cancelled', { requestId }, id);
  expect((await rawCall(gw.at(), body, headers)).status).toBe(202);
}

/** Calls that reach the server, which never answers them, and that their client cancels. */
async function cancelled(id: string, ...requestIds: number[]): Promise<{ answers: Promise<RawAnswer[]> }> {
  const before = up.calls().length;
  const answers = Promise.all(requestIds.map((requestId) => call(id, 'hang', requestId)));
  // Those of a gateway that stops first break.
  answers.catch(() => undefined);
  await expect.poll(() => up.calls().length).toBe(before + requestIds.length);
  for (const requestId of requestIds) await cancel(id, requestId);
  return { answers };
}

/** A call whose server answers it in that way, but not before its client has cancelled it. */
async function answeredOnceCancelled(id: string, tool: string): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<void>();
  up.hold = ({ message }) => (message?.method === 'tools/call' ? promise : undefined);
  const answering = call(id, tool, 11);
  await expect.poll(() => up.calls().length).toBe(1);
  await cancel(id, 11);
  resolve();
  return answering;
}

const reason = ({ status, json }: RawAnswer) =>
  `${status} ${(json as { error?: { data?: { reason?: string } } } | undefined)?.error?.data?.reason ?? ''}`;

describe('a call that its client has cancelled', () => {
  it('gives its slot back, and goes on at its server', async () => {
    await start();
    const id = await session();
    await cancelled(id, 11, 12, 13);
    expect((await call(id, 'ok', 14)).status).toBe(200);
    expect(await gw.metric('mcp_gateway_endpoint_in_flight')).toBe(3);
    expect(up.calls('notifications/cancelled')).toHaveLength(3);
  });

  it('keeps its slot where as many as the client has slots have given theirs back', async () => {
    await start();
    const id = await session();
    await cancelled(id, 11, 12, 13);
    await cancelled(id, 14, 15, 16);
    expect(reason(await call(id, 'ok', 17))).toBe('429 too_many_concurrent');
    expect(await gw.metric('mcp_gateway_endpoint_in_flight')).toBe(6);
  });

  it('gives its slot back once, however often it is cancelled', async () => {
    await start();
    const id = await session();
    await cancelled(id, 11);
    for (let again = 0; again < 3; again++) await cancel(id, 11);
    const others = [12, 13, 14].map((requestId) => call(id, 'hang', requestId).catch(() => undefined));
    await expect.poll(() => up.calls().length).toBe(4);
    expect(reason(await call(id, 'ok', 15))).toBe('429 too_many_concurrent');
    await gw.stop(0);
    await Promise.all(others);
  });

  it.each([
    ['its tool', 'hang', 'tools: [{ match: hang, concurrency: 2 }]'],
    ['its endpoint', 'ok', 'max_in_flight: 2'],
  ])('counts for %s until it ends', async (_what, tool, limit) => {
    await start('queue: { size: 1, timeout: 100ms }', limit);
    const id = await session();
    await cancelled(id, 11, 12);
    expect(reason(await call(id, tool, 13))).toBe('503 overloaded');
    expect(up.calls()).toHaveLength(2);
  });

  it('has no answer when its time is up, gives back what it holds, and is no failure of its server', async () => {
    await start(
      'queue: { size: 0 }, timeout: 500ms',
      'max_in_flight: 6, outlier: { consecutive_failures: 2 }',
    );
    const id = await session();
    const calls = [await cancelled(id, 11, 12, 13), await cancelled(id, 14, 15, 16)];
    const answers = (await Promise.all(calls.map((some) => some.answers))).flat();
    for (const { status, text } of answers) expect([status, text]).toEqual([202, '']);
    const told = () => gw.logs().filter(({ error_type }) => error_type === 'cancelled');
    await expect.poll(() => told().length).toBe(6);
    expect(await gw.metric('mcp_gateway_refusals_total')).toBe(0);
    expect(await gw.metric('mcp_gateway_endpoint_ejected')).toBe(0);
    expect(up.calls('notifications/cancelled')).toHaveLength(6);
    // Slots that came back twice would let more than three in.
    const others = [21, 22, 23].map((requestId) => call(id, 'hang', requestId));
    await expect.poll(() => up.calls().length).toBe(9);
    expect(reason(await call(id, 'ok', 24))).toBe('429 too_many_concurrent');
    for (const answer of await Promise.all(others)) expect(reason(answer)).toBe('504 timeout');
    // The same is a failure where somebody waits for the answer.
    await expect.poll(() => gw.metric('mcp_gateway_endpoint_ejected')).toBe(1);
  });

  it('ends its event stream with a result when its time is up, lest its client resume it', async () => {
    await start('queue: { size: 0 }, timeout: 300ms');
    const id = await session();
    const answering = call(id, 'hang-after-sse-head', 11);
    await expect.poll(() => up.calls().length).toBe(1);
    await cancel(id, 11);
    const { status, complete, events } = await answering;
    const said = events.map(({ message }) => message).filter((message) => message !== undefined);
    expect([status, complete]).toEqual([200, true]);
    expect(said).toMatchObject([{ id: 11, result: { isError: true } }]);
  });

  it('is answered where its server answers after all', async () => {
    await start();
    const id = await session();
    expect((await answeredOnceCancelled(id, 'ok')).json).toMatchObject({ id: 11, result: {} });
    expect((await call(id, 'ok', 12)).status).toBe(200);
  });

  it.each(['none', 'session'])(
    'is not sent again when its connection breaks, with affinity %s',
    async (affinity) => {
      const tools = 'tools: [{ match: reset-before, retry: safe }]';
      await start('queue: { size: 0 }', `affinity: ${affinity}, ${tools}`);
      const id = await session();
      expect((await answeredOnceCancelled(id, 'reset-before')).status).toBe(202);
      expect(up.calls()).toHaveLength(1);
    },
  );

  it('holds up no shutdown', async () => {
    await start();
    const { answers } = await cancelled(await session(), 11);
    await gw.stop(60_000);
    expect((await answers).map(({ status }) => status)).toEqual([202]);
  });

  it('ends at once where it has not been sent', async () => {
    await start('queue: { size: 5, timeout: 10s }', 'tools: [{ match: hang, concurrency: 1 }]');
    const id = await session();
    await cancelled(id, 11);
    const waiting = call(id, 'hang', 12);
    await expect.poll(() => gw.metric('mcp_gateway_in_flight')).toBe(2);
    await cancel(id, 12);
    expect([(await waiting).status, (await waiting).text]).toEqual([202, '']);
    expect(up.calls()).toHaveLength(1);
  });

  it('ends at once where it waits to be sent again', async () => {
    up = await startFaults({ sessions: true });
    let idle = await startFaults({ sessions: true });
    const urls = [up.url, idle.url].map((url) => `{ url: "${url}" }`).join(', ');
    gw = await startGateway(
      `limits: { queue: { timeout: 10s } }\npools: [{ name: a, affinity: none, max_in_flight: 1, endpoints: [${urls}] }]\n`,
    );
    const id = await session();
    for (const one of [...up.sessions, ...idle.sessions])
      for (const { sessions } of [up, idle]) sessions.add(one);
    const received = () => [...up.calls(), ...idle.calls()];
    call(id, 'hang', 11).catch(() => undefined);
    await expect.poll(() => received().length).toBe(1);
    if (up.calls().length === 0) [up, idle] = [idle, up];
    await idle.refuse();
    const waiting = call(id, 'ok', 12);
    await expect.poll(() => gw.metric('mcp_gateway_in_flight')).toBe(2);
    await cancel(id, 12);
    expect([(await waiting).status, (await waiting).text]).toEqual([202, '']);
    expect(received()).toHaveLength(1);
  });

  it('ends at once where it waits for a connection', async () => {
    await start('queue: { size: 5 }', 'connections: 1');
    const id = await session();
    const released = Promise.withResolvers<void>();
    up.hold = ({ message }) => (message?.method === 'tools/call' ? released.promise : undefined);
    const first = call(id, 'ok', 11);
    await expect.poll(() => up.calls().length).toBe(1);
    const waiting = call(id, 'ok', 12);
    await expect.poll(() => gw.metric('mcp_gateway_in_flight')).toBe(2);
    const cancelling = cancel(id, 12);
    expect([(await waiting).status, (await waiting).text]).toEqual([202, '']);
    released.resolve();
    await cancelling;
    expect((await first).status).toBe(200);
    expect(up.calls()).toHaveLength(1);
  });

  it('ends at once where its session is being opened anew', async () => {
    up = await startFaults({ sessions: true });
    let other = await startFaults({ sessions: true });
    const urls = [up.url, other.url].map((url) => `{ url: "${url}" }`).join(', ');
    gw = await startGateway(`pools: [{ name: a, session_recovery: always, endpoints: [${urls}] }]\n`);
    const id = await session();
    if (up.sessions.size > 0) [up, other] = [other, up];
    const released = Promise.withResolvers<void>();
    up.hold = ({ message }) => (message?.method === 'initialize' ? released.promise : undefined);
    const opening = up.nextReceived(({ message }) => message?.method === 'initialize');
    await other.close();
    const waiting = call(id, 'ok', 11);
    await opening;
    const cancelling = cancel(id, 11);
    expect([(await waiting).status, (await waiting).text]).toEqual([202, '']);
    released.resolve();
    await cancelling;
    expect((await call(id, 'ok', 12)).status).toBe(200);
    expect(up.calls()).toHaveLength(1);
  });

  it('leaves alone what another session calls by the same id, and what is called by it later', async () => {
    await start('queue: { size: 0 }, timeout: 1s');
    const [one, other] = [await session(), await session()];
    const { answers } = await cancelled(one, 11);
    const held = call(other, 'hang', 11);
    await expect.poll(() => up.calls().length).toBe(2);
    await cancel(one, 11);
    expect((await call(one, 'slow', 11, { ms: 100 })).status).toBe(200);
    expect((await answers)[0]?.status).toBe(202);
    expect(reason(await held)).toBe('504 timeout');
  });

  it('by the official SDK makes room for its next calls', async () => {
    await start();
    const { client, close } = await connectV1(gw.at());
    const stop = new AbortController();
    const calls = [1, 2, 3].map(() =>
      client
        .callTool({ name: 'hang', arguments: {} }, undefined, { signal: stop.signal })
        .catch(() => 'stopped'),
    );
    await expect.poll(() => up.calls().length).toBe(3);
    stop.abort();
    expect(await Promise.all(calls)).toEqual(['stopped', 'stopped', 'stopped']);
    await expect.poll(() => up.calls('notifications/cancelled').length).toBe(3);
    await expect
      .poll(() =>
        client.listTools().then(
          () => 'listed',
          () => 'refused',
        ),
      )
      .toBe('listed');
    await close();
  });
});

describe('a server that does not answer a cancelled call', () => {
  async function startStrict(): Promise<string> {
    await start('queue: { size: 0 }', 'outlier: { consecutive_failures: 1 }');
    return session();
  }

  it.each(['reset-before', 'fin-before', 'empty-200', 'status-503', 'rpc-error-500', 'html-200'])(
    'has not failed, be its end %s',
    async (tool) => {
      const id = await startStrict();
      expect((await answeredOnceCancelled(id, tool)).status).toBe(202);
      expect(await gw.metric('mcp_gateway_endpoint_ejected')).toBe(0);
      expect(up.calls()).toHaveLength(1);
      expect((await call(id, 'ok', 12)).status).toBe(200);
      // The same end is a failure where somebody waits for the answer.
      await call(id, tool, 13);
      await expect.poll(() => gw.metric('mcp_gateway_endpoint_ejected')).toBe(1);
    },
  );

  it.each(['sse-cut-before-reply', 'sse-reset-before-reply'])(
    'has not failed, and its stream ends with a result, be its end %s',
    async (tool) => {
      const id = await startStrict();
      const answer = await answeredOnceCancelled(id, tool);
      expect(answer.status).toBe(200);
      expect(answer.events.at(-1)?.message).toMatchObject({ id: 11, result: { isError: true } });
      expect(await gw.metric('mcp_gateway_endpoint_ejected')).toBe(0);
      expect((await call(id, 'ok', 12)).status).toBe(200);
    },
  );
});
