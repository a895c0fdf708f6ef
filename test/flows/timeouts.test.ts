// Timeouts at a running gateway: what starts them anew, what does not, and who is told at the end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { GatedCall } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

const TIMEOUT_MS = 600;

let upstream: GatedUpstream;
let gateway: TestGateway;
/** Resolves when the upstream's side of the call is closed. */
let closed: Promise<unknown>;
let held: PromiseWithResolvers<GatedCall>;

/** `steps` reports progress every 100 ms: for ever, or as often as its arguments say. */
function onCall(one: GatedCall): void {
  const { message, response } = one;
  closed = new Promise((resolve) => response.once('close', resolve));
  const steps = Number(message.params?.arguments?.['steps'] ?? 0);
  const progressToken = message.params?._meta?.['progressToken'];
  if (message.params?.name === 'silent') return;
  if (message.params?.name === 'held') return held.resolve(one);
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  let step = 0;
  const send = (event: object) => response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...event })}\n\n`);
  const timer = setInterval(() => {
    if (step++ < steps) {
      const method = message.params?.name === 'chatty' ? 'notifications/message' : 'notifications/progress';
      send({ method, params: { progressToken, progress: step, level: 'info', data: 'x' } });
    } else {
      clearInterval(timer);
      send({ id: message.id, result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }] } });
      response.end();
    }
  }, 100);
  response.once('close', () => clearInterval(timer));
}

beforeAll(async () => {
  upstream = await GatedUpstream.start(onCall);
  gateway = await startGateway({
    clients: [{ id: 'hasty', api_key: 'key-hasty', timeout: '50ms' }],
    pools: [
      {
        name: 'p',
        endpoints: [{ url: upstream.url }],
        timeout: `${TIMEOUT_MS}ms`,
        max_timeout: '1500ms',
        tools: [{ match: 'quick', timeout: '50ms' }],
      },
    ],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function sessionHeaders(headers: Record<string, string>): Promise<Record<string, string>> {
  const opened = await rawCall(gateway.url, initializeRequest().body, headers);
  return { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
}

describe.each([
  ['legacy', legacyRequest],
  ['modern', modernRequest],
] as const)('a %s call', (era, request) => {
  const call = async (name: string, steps = 0, extra: Record<string, string> = {}) => {
    const params = { name, arguments: { steps }, _meta: { progressToken: 'p' } };
    const { body, headers } = request('tools/call', params, 9);
    const session = era === 'legacy' ? await sessionHeaders(extra) : {};
    return rawCall(gateway.url, body, { ...headers, ...session, ...extra });
  };

  it('that reports progress lasts longer than its timeout', async () => {
    const { events } = await call('steps', 8);
    expect(JSON.parse(events.at(-1)?.data ?? '{}')).toMatchObject({ id: 9, result: {} });
  });

  it('without progress ends at its timeout, and the upstream is told', async () => {
    const answer = await call('silent');
    expect(answer.status).toBe(504);
    expect(answer.json).toMatchObject({ id: 9, error: { code: 504, data: { reason: 'timeout' } } });
    await closed;
    if (era === 'legacy') {
      const cancelled = () => upstream.messages.find(({ method }) => method === 'notifications/cancelled');
      await expect.poll(cancelled).toMatchObject({ params: { requestId: 9 } });
    }
  });

  it('whose answer has come while this process had no time to read it is given it', async () => {
    held = Promise.withResolvers();
    const answer = call('held');
    const one = await held.promise;
    // After this phase of the event loop that of the timers comes before that of the sockets.
    setImmediate(() => {
      one.text('done');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * TIMEOUT_MS);
    });
    expect(await answer).toMatchObject({ status: 200, json: { id: 9, result: {} } });
  });

  it('that only logs is not making progress; its open stream ends with the error', async () => {
    const { status, events } = await call('chatty', 20);
    expect(status).toBe(200);
    expect(JSON.parse(events.at(-1)?.data ?? '{}')).toMatchObject({
      id: 9,
      error: { data: { reason: 'timeout', source: 'gateway' } },
    });
    await closed;
  });

  it('ends at its absolute limit however much progress it reports', async () => {
    const { events } = await call('steps', 1000);
    expect(events.length).toBeGreaterThan(8);
    expect(JSON.parse(events.at(-1)?.data ?? '{}')).toMatchObject({
      id: 9,
      error: { data: { reason: 'timeout' } },
    });
    await closed;
  });

  it.each([
    ['tool', 'quick', {}],
    ['client', 'silent', { 'x-api-key': 'key-hasty' }],
  ])('goes by the timeout of its %s', async (_what, name, headers) => {
    const { status, events, json } = await call(name, 1000, headers);
    expect([200, 504]).toContain(status);
    expect(JSON.stringify(json ?? events.at(-1))).toContain('timeout');
    expect(events.length).toBeLessThan(2);
  });
});
