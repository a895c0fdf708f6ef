// Event streams through the gateway: at once, kept alive, at the reader's pace, and ended as each era has it.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectV2, rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import { startEverything } from '../support/everything-upstream.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';
import { pools } from '../support/pools.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const SSE = { 'content-type': 'text/event-stream' };

/** What the scripted upstream does with the next calls. */
let onCall: (response: ServerResponse, incoming: IncomingMessage) => void | Promise<void>;
let scripted: ScriptedUpstream;
let sound: FaultUpstream;
let everything: { url: string; close(): Promise<void> };
let gateway: TestGateway;

beforeAll(async () => {
  scripted = await startScripted((_request, response, incoming) => onCall(response, incoming));
  sound = await startFaults({ sessions: true });
  everything = await startEverything();
  gateway = await startGateway(
    {
      ...pools({ scripted: [scripted.url], sound: [sound.url], everything: [everything.url] }),
      limits: { max_response: '256MiB' },
    },
    { quietMs: 60 },
  );
});

afterEach(() => sound.on('GET', undefined));

afterAll(async () => {
  await gateway.stop();
  await Promise.all([scripted.close(), sound.close(), everything.close()]);
});

const call = modernRequest('tools/call', { name: 'run', arguments: {} });
const answerTo = (id: number) =>
  `data: {"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[]}}\n\n`;
const read = modernRequest('resources/read', { uri: 'a:b' });
const openRead = () => openEventStream(gateway.at('/scripted/mcp'), read.body, read.headers);
const openCall = () => openEventStream(gateway.at('/scripted/mcp'), call.body, call.headers);
const clients = async () => (await gateway.metrics()).get('mcp_gateway_client_connections') ?? 0;

describe('an event stream', () => {
  it('ends in good order where its connection breaks and its client can come back for the rest', async () => {
    onCall = (response) => {
      response.writeHead(200, SSE).write('id: e-1\ndata: \n\n');
      setTimeout(() => response.socket?.resetAndDestroy(), 50);
    };
    const { body, headers } = legacyRequest('tools/call', { name: 'run', arguments: {} });
    const answer = await rawCall(gateway.at('/scripted/mcp'), body, headers);
    expect([answer.status, answer.complete, answer.text]).toEqual([200, true, 'id: e-1\ndata: \n\n']);
  });

  it('begins at once, before any event, and is marked so that nothing on the way buffers it', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    onCall = (response) => {
      response.writeHead(200, SSE).flushHeaders();
      held.resolve(response);
    };
    const stream = await openCall();
    expect([stream.status, stream.headers['x-accel-buffering']]).toEqual([200, 'no']);
    expect(stream.headers['cache-control']).toContain('no-cache');
    expect(stream.headers['content-encoding']).toBeUndefined();
    (await held.promise).end(answerTo(1));
    expect((await stream.next())?.message).toMatchObject({ id: 1 });
    expect(await stream.next()).toBeUndefined();
  });

  it('passes each event on as it comes', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    onCall = (response) => held.resolve(response.writeHead(200, SSE));
    const opening = openCall();
    const response = await held.promise;
    for (let i = 0; i < 3; i++) {
      response.write(`id: ${i}\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n`);
      expect((await (await opening).next())?.id).toBe(String(i));
    }
    response.end(answerTo(1));
    expect((await (await opening).next())?.message).toMatchObject({ id: 1 });
  });

  it('is kept alive by comments while it is quiet, and only between events', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    onCall = (response) => held.resolve(response.writeHead(200, SSE));
    const opening = openRead();
    const response = await held.promise;
    response.write('data: {"jsonrpc":"2.0",');
    const stream = await opening;
    await expect.poll(() => stream.text()).toContain('data: ');
    // Another stream's comments show that there was time for some.
    const other = await openGet();
    await expect.poll(() => other.text().split(': keep-alive').length).toBeGreaterThan(3);
    expect(stream.text()).not.toContain('keep-alive');
    response.write('"method":"notifications/x"}\n\n');
    await expect.poll(() => stream.text()).toContain(': keep-alive\n\n');
    response.end(answerTo(1));
    expect((await stream.next())?.message).toMatchObject({ method: 'notifications/x' });
    expect((await stream.next())?.message).toMatchObject({ id: 1 });
    other.leave();
  });

  it('that is quiet has its reader’s departure noticed, and the server is told', async () => {
    const stream = await openGet();
    const received = sound.received.at(-1);
    stream.leave();
    await received?.whenAborted;
    expect(received?.aborted).toBe(true);
  });
});

async function openGet() {
  sound.on('GET', 'quiet-sse');
  const url = gateway.at('/sound/mcp');
  const opened = await rawCall(url, initializeRequest().body);
  const session = String(opened.headers['mcp-session-id']);
  return openEventStream(url, undefined, { 'mcp-session-id': session });
}

describe('a subscription', () => {
  it('is acknowledged, tells of changes, and ends when its client leaves', async () => {
    const url = gateway.at('/everything/mcp');
    const params = { notifications: { toolsListChanged: true } };
    const { body, headers } = modernRequest('subscriptions/listen', params, 'sub');
    const stream = await openEventStream(url, body, headers);
    expect((await stream.next())?.message).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
    });
    const { client, close } = await connectV2(url);
    await client.callTool({ name: 'test_trigger_tool_change' });
    await close();
    expect((await stream.next())?.message).toMatchObject({ method: 'notifications/tools/list_changed' });
    expect(await gateway.metrics()).toContainEqual(['mcp_gateway_streams{kind="listen"}', 1]);
    stream.leave();
  });
});

describe('a client that leaves', () => {
  it('cancels its call where the revision says so', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    onCall = (response) => held.resolve(response);
    const leaving = request(gateway.at('/scripted/mcp'), {
      method: 'POST',
      headers: { ...call.headers, 'content-type': 'application/json' },
    });
    leaving.on('error', () => undefined);
    leaving.end(JSON.stringify(call.body));
    const response = await held.promise;
    leaving.destroy();
    await once(response, 'close');
    expect(response.writableFinished).toBe(false);
  });

  it('cancels nothing in the older revisions: the server finishes, and is told nothing', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    onCall = (response) => held.resolve(response);
    const { body, headers } = legacyRequest('tools/call', { name: 'run', arguments: {} });
    const [before, connections] = [scripted.received.length, await clients()];
    const leaving = request(gateway.at('/scripted/mcp'), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    leaving.on('error', () => undefined);
    leaving.end(JSON.stringify(body));
    const response = await held.promise;
    leaving.destroy();
    await expect.poll(clients).toBe(connections);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
    await once(response, 'close');
    expect(response.writableFinished).toBe(true);
    expect(scripted.received.length).toBe(before + 1);
  });
});

const EVENT = `data: {"jsonrpc":"2.0","method":"notifications/message","params":"${'x'.repeat(64 * 1024)}"}\n\n`;
const MANY = 800;

describe('backpressure', () => {
  it('holds the server back while a client does not read, and loses nothing when it does', async () => {
    let written = 0;
    onCall = async (response) => {
      response.writeHead(200, SSE);
      for (let i = 0; i < MANY; i++) {
        written += EVENT.length;
        if (!response.write(EVENT)) await once(response, 'drain');
      }
      response.end(answerTo(1));
    };
    const { port, pathname } = new URL(gateway.at('/scripted/mcp'));
    const body = JSON.stringify(call.body);
    const headers = Object.entries({ ...call.headers, 'content-length': Buffer.byteLength(body) });
    const socket = connect(Number(port), '127.0.0.1').pause();
    socket.write(`POST ${pathname} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`);
    socket.write(`${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
    // Still for as long as many thousand pieces would take: what is not written then, the reader holds back.
    let before = -1;
    await expect
      .poll(
        () => {
          const still = written > 0 && written === before;
          before = written;
          return still;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(written).toBeLessThan(EVENT.length * MANY * 0.75);
    let read = 0;
    let tail = '';
    socket.resume().on('data', (chunk: Buffer) => {
      read += chunk.length;
      tail = (tail + chunk.toString('latin1')).slice(-200);
    });
    await expect.poll(() => tail, { timeout: 10_000 }).toContain('"resultType":"complete"');
    expect(read).toBeGreaterThan(EVENT.length * MANY);
    socket.destroy();
  });
});
