// Answers with event ids whose connection breaks: resumed where the server still has them, and else ended with an error.
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { EventStream } from '../support/event-stream.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyNotice, legacyRequest } from '../support/message.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PRIMED = 'id: e-1\ndata: \n\n';

let up: ScriptedUpstream;
let gateway: TestGateway;
let session: string;
/** How the server answers whether it has the session. */
let onPing: (response: ServerResponse, id: unknown) => void;
/** The answer that a call's stream is. */
let begun: PromiseWithResolvers<ServerResponse>;
let asked: PromiseWithResolvers<void>;

beforeEach(async () => {
  begun = Promise.withResolvers();
  asked = Promise.withResolvers();
  up = await startScripted(({ message, headers }, response) => {
    if (message?.method === 'initialize') {
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 's', version: '1' },
      };
      response.writeHead(200, { ...JSON_TYPE, 'mcp-session-id': 'up-1' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    } else if (message?.method === 'ping' && headers['mcp-session-id'] === 'up-1') {
      asked.resolve();
      onPing(response, message.id);
    } else if (message?.method === 'tools/call') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(PRIMED);
      begun.resolve(response);
    } else response.writeHead(202).end();
  });
  gateway = await startGateway({
    pools: [
      {
        name: 'a',
        era: 'legacy',
        endpoints: [{ url: up.url }],
        tools: [
          { match: 'hasty', timeout: '300ms' },
          { match: 'shared', cache: { ttl: '60s' } },
        ],
      },
    ],
    limits: { concurrency: 2, queue: { size: 0 } },
  });
});

afterEach(async () => {
  await gateway.stop();
  await up.close();
});

const known = (response: ServerResponse, id: unknown) =>
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));

/** A call in a new session whose stream has begun. */
async function call(tool = 'run'): Promise<EventStream> {
  const { headers } = await rawCall(gateway.url, initializeRequest().body);
  session = String(headers['mcp-session-id']);
  return callAgain(tool, 7);
}

async function callAgain(tool: string, id: number): Promise<EventStream> {
  const asking = legacyRequest('tools/call', { name: tool }, id, session);
  const stream = await openEventStream(gateway.url, asking.body, asking.headers);
  expect(await stream.next()).toMatchObject({ id: 'e-1' });
  return stream;
}

async function cancel(requestId: number): Promise<void> {
  const { body, headers } = legacyNotice('notifications/cancelled', { requestId }, session);
  expect((await rawCall(gateway.url, body, headers)).status).toBe(202);
}

const breakOff = async () => (await begun.promise).socket?.resetAndDestroy();
const callsInFlight = async () =>
  (await gateway.metrics()).get('mcp_gateway_in_flight{client="127.0.0.1"}') ?? 0;

it('end in good order where the server has the session', async () => {
  onPing = known;
  const stream = await call();
  await breakOff();
  expect(await stream.next()).toBeUndefined();
  expect(stream.text()).toBe(PRIMED);
});

it('end in good order also where the question breaks with the connection it is asked over', async () => {
  onPing = (response) => {
    onPing = known;
    response.socket?.resetAndDestroy();
  };
  const stream = await call();
  await breakOff();
  expect(await stream.next()).toBeUndefined();
});

it.each([400, 404, 503])('end with an error where the session is answered with %d', async (status) => {
  onPing = (response) => void response.writeHead(status).end();
  const stream = await call();
  (await begun.promise).write('id: e-2\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n');
  expect(await stream.next()).toMatchObject({ id: 'e-2' });
  await breakOff();
  expect((await stream.next())?.message).toMatchObject({
    id: 7,
    error: { data: { reason: 'upstream_failed' } },
  });
  expect(await stream.next()).toBeUndefined();
});

it('end with the deadline of the call while the server does not say whether it has the session', async () => {
  onPing = () => undefined;
  const stream = await call('hasty');
  await breakOff();
  expect((await stream.next())?.message).toMatchObject({ id: 7, error: { data: { reason: 'timeout' } } });
  expect(await stream.next()).toBeUndefined();
});

it('leave nothing behind where the client goes while the server is asked', async () => {
  const held = Promise.withResolvers<() => void>();
  onPing = (response, id) => held.resolve(() => known(response, id));
  const stream = await call();
  expect(await callsInFlight()).toBe(1);
  await breakOff();
  await asked.promise;
  stream.leave();
  await expect.poll(callsInFlight).toBe(0);
  (await held.promise)();
  expect((await rawCall(gateway.url, initializeRequest().body)).status).toBe(200);
});

it('end with a result where the client cancels the call while the server is asked', async () => {
  const held = Promise.withResolvers<() => void>();
  onPing = (response, id) => held.resolve(() => known(response, id));
  const stream = await call();
  await breakOff();
  await asked.promise;
  await cancel(7);
  (await held.promise)();
  expect((await stream.next())?.message).toMatchObject({ id: 7, result: { isError: true } });
  expect(await stream.next()).toBeUndefined();
});

it('give the slot of a cancelled call back once, whose client has gone while others wait for its answer', async () => {
  const leading = await call('shared');
  const follower = callAgain('shared', 8);
  await expect.poll(callsInFlight).toBe(2);
  leading.leave();
  await cancel(7);
  const streams = [await follower, await callAgain('run', 9)];
  const { body, headers } = legacyRequest('tools/call', { name: 'run' }, 10, session);
  expect((await rawCall(gateway.url, body, headers)).status).toBe(429);
  for (const stream of streams) stream.leave();
});
