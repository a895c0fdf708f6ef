// Calls that take too long: the client is told under its own id, and the server in the way of the era.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';
import { pools } from '../support/pools.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const SESSION = 'upstream-session';
const SSE = { 'content-type': 'text/event-stream' };

/** What the upstream does with a call. */
let onCall: (response: ServerResponse) => void;
let upstream: ScriptedUpstream;
let gateway: TestGateway;
let url: string;

beforeAll(async () => {
  upstream = await startScripted(({ message }, response) => {
    if (message?.method === 'tools/call') return onCall(response);
    if (message?.id === undefined) return void response.writeHead(202).end();
    const session = message.method === 'initialize' ? { 'mcp-session-id': SESSION } : {};
    response.writeHead(200, { 'content-type': 'application/json', ...session });
    response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{}}`);
  });
  const settings = { timeout: '800ms', max_timeout: '10s' };
  gateway = await startGateway(pools({ a: [upstream.url] }, settings));
  url = gateway.at('/a/mcp');
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const ID = 'own-id';
const modern = modernRequest('tools/call', { name: 'run', arguments: {} }, ID);
const refused = {
  jsonrpc: '2.0',
  id: ID,
  error: { code: 504, message: expect.any(String) as string, data: { source: 'gateway', reason: 'timeout' } },
};

async function inSession() {
  const opened = await rawCall(url, initializeRequest().body);
  const session = String(opened.headers['mcp-session-id']);
  return legacyRequest('tools/call', { name: 'run', arguments: {} }, ID, session);
}

/** Has the next call held; resolves with its response once it has arrived. */
function hold(): Promise<ServerResponse> {
  const held = Promise.withResolvers<ServerResponse>();
  onCall = (response) => held.resolve(response);
  return held.promise;
}

const notices = () =>
  upstream.received.filter(({ message }) => message?.method === 'notifications/cancelled');

describe('a call that is not answered in time', () => {
  it('gets the error under its own id, and the server’s work is aborted', async () => {
    const held = hold();
    const answer = rawCall(url, modern.body, modern.headers);
    await once(await held, 'close');
    expect(await answer).toMatchObject({ status: 504, json: refused });
    expect(notices()).toEqual([]);
  });

  it('of a session has the server told on that session', async () => {
    const held = hold();
    const { body, headers } = await inSession();
    const answer = await rawCall(url, body, headers);
    expect(answer).toMatchObject({ status: 504, json: refused });
    await held;
    await expect.poll(() => notices().length).toBe(1);
    const [notice] = notices();
    expect(notice?.headers['mcp-session-id']).toBe(SESSION);
    expect(notice?.message?.params).toMatchObject({ requestId: ID });
  });

  it('gets the error as an event where its stream is open', async () => {
    const held = hold();
    const opening = openEventStream(url, modern.body, modern.headers);
    const response = await held;
    response.writeHead(200, SSE).write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
    const stream = await opening;
    expect((await stream.next())?.message).toMatchObject({ method: 'notifications/message' });
    expect((await stream.next())?.message).toEqual(refused);
    expect(await stream.next()).toBeUndefined();
  });
});

describe('a call that was answered in time', () => {
  it('ends in good order though the server leaves its stream open, and nothing is cancelled', async () => {
    const [held, before] = [hold(), notices().length];
    const { body, headers } = await inSession();
    const answering = rawCall(url, body, headers);
    const response = await held;
    response.writeHead(200, SSE).write(`data: {"jsonrpc":"2.0","id":"${ID}","result":{}}\n\n`);
    const { status, complete, text } = await answering;
    expect([status, complete]).toEqual([200, true]);
    expect(text).not.toContain('timeout');
    await rawCall(url, legacyRequest('ping').body);
    expect(notices().length).toBe(before);
  });
});
