// Sessions of the older revisions through the gateway: streams, resumption, the end, and who gets in.
import { randomBytes } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoService, Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { SessionTable } from '../../demo/session-table.ts';
import { statefulServer } from '../../demo/stateful-server.ts';
import { connectV1, rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { RpcRequest } from '../support/faults/received.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { pools } from '../support/pools.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const [KEY, NEXT_KEY] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
const UPSTREAM_ID = 'upstream-session-id';
let servers: (Listening | ScriptedUpstream)[];
let recorder: ScriptedUpstream;
let gateway: TestGateway;
let config: Record<string, unknown>;

beforeAll(async () => {
  recorder = await startScripted(record);
  const replicas = ['one', 'two'].map((name) => listen(statefulServer(name), 0));
  servers = [recorder, await listen(growing(), 0), ...(await Promise.all(replicas))];
  const [recorderUrl, growingUrl, ...stateful] = servers.map(({ url }) => url);
  config = {
    ...pools({ stateful, recorder: [String(recorderUrl)], growing: [String(growingUrl)] }),
    session_keys: [KEY],
  };
  gateway = await startGateway(config);
});

afterAll(async () => {
  await gateway.stop();
  for (const server of servers) await server.close();
});

/** A server whose tools become more by a call, of which it tells on the session's GET stream. */
function growing(): DemoService {
  const build = () => {
    const server = new McpServer({ name: 'growing', version: '1.0.0' });
    let grown = false;
    server.registerTool('grow', {}, () => {
      if (grown) server.sendToolListChanged();
      else server.registerTool('grown', {}, () => ({ content: [] }));
      grown = true;
      return { content: [] };
    });
    return server;
  };
  return new SessionTable(build, () => crypto.randomUUID(), 60_000);
}

/** A server that gives one session id and answers every request with its method. */
const record: Parameters<typeof startScripted>[0] = ({ message, method, body }, response) => {
  if (method === 'DELETE') return void response.writeHead(200).end();
  const items = Array.isArray(message) ? (message as RpcRequest[]) : [message];
  const answers = items.flatMap((item) =>
    item?.id === undefined || item.method === undefined
      ? []
      : [{ jsonrpc: '2.0', id: item.id, result: { asked: item.method } }],
  );
  if (answers.length === 0) return void response.writeHead(202).end();
  response.setHeader('content-type', 'application/json');
  if (body.includes('"initialize"')) response.setHeader('mcp-session-id', UPSTREAM_ID);
  response.end(JSON.stringify(Array.isArray(message) ? answers : answers[0]));
};

async function open(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await rawCall(url, initializeRequest().body, headers);
  return String(answer.headers['mcp-session-id']);
}

function ask(url: string, session: string | undefined, method = 'ping', params = {}) {
  const { body, headers } = legacyRequest(method, params, 2, session);
  return rawCall(url, body, headers);
}

const end = (url: string, session: string) =>
  rawCall(url, undefined, { 'mcp-session-id': session }, { method: 'DELETE' });

describe('the session id', () => {
  it('of the server reaches no client, and the client’s own never the server', async () => {
    const url = gateway.at('/recorder/mcp');
    const opened = await rawCall(url, initializeRequest().body);
    const session = String(opened.headers['mcp-session-id']);
    const asked = await ask(url, session);
    for (const { rawHeaders, text } of [opened, asked]) {
      expect([...rawHeaders, text].join('\n')).not.toContain(UPSTREAM_ID);
    }
    expect(asked.headers['mcp-session-id']).toBeUndefined();
    const received = recorder.received.at(-1);
    expect(received?.headers['mcp-session-id']).toBe(UPSTREAM_ID);
    expect(received?.rawHeaders.join('\n')).not.toContain(session);
  });

  it('is 400 by the server’s own word where there is none, and 404 where it is forged or of another route', async () => {
    const [one, other] = [gateway.at('/stateful/mcp'), gateway.at('/recorder/mcp')];
    const session = await open(one);
    expect((await ask(one, undefined)).status).toBe(400);
    const flipped = `${session.slice(0, -2)}${session.at(-2) === 'A' ? 'B' : 'A'}${session.at(-1)}`;
    for (const [url, id] of [
      [one, flipped],
      [one, 'made-up'],
      [other, session],
      [one, UPSTREAM_ID],
    ] as const) {
      const before = recorder.received.length;
      const { status, json } = await ask(url, id);
      expect(status).toBe(404);
      expect(json).toMatchObject({
        id: 2,
        error: { data: { source: 'gateway', reason: 'session_not_found' } },
      });
      expect(recorder.received.length).toBe(before);
    }
    await end(one, session);
  });
});

describe('a session', () => {
  it('ends with DELETE, for the server and for the gateway', async () => {
    const url = gateway.at('/stateful/mcp');
    const session = await open(url);
    expect((await ask(url, session)).status).toBe(200);
    expect((await end(url, session)).status).toBe(200);
    expect((await ask(url, session)).status).toBe(404);
  });

  it('goes on through another process with its key, after a restart, and after the key has been rotated', async () => {
    const session = await open(gateway.at('/stateful/mcp'));
    const answer = async (keys: string[]) => {
      const other = await startGateway({ ...config, session_keys: keys });
      const { status } = await ask(other.at('/stateful/mcp'), session);
      await other.stop();
      return status;
    };
    expect(await answer([KEY])).toBe(200);
    expect(await answer([NEXT_KEY, KEY])).toBe(200);
    expect(await answer([NEXT_KEY])).toBe(404);
    await end(gateway.at('/stateful/mcp'), session);
  });

  it('may send batches, which are answered as batches', async () => {
    const url = gateway.at('/recorder/mcp');
    const session = await open(url);
    const batch = ['a', 'b'].map((id) => legacyRequest('ping', {}, id).body);
    const answer = await rawCall(url, batch, { 'mcp-session-id': session });
    expect(answer.json).toEqual(['a', 'b'].map((id) => ({ jsonrpc: '2.0', id, result: { asked: 'ping' } })));
  });

  it('may be none at all: such servers get requests as they come', async () => {
    const { status, json } = await ask(gateway.at('/recorder/mcp'), undefined, 'tools/list');
    expect([status, json]).toMatchObject([200, { result: { asked: 'tools/list' } }]);
    expect(recorder.received.at(-1)?.headers['mcp-session-id']).toBeUndefined();
  });

  it('passes posted answers and cancellations on under the same session', async () => {
    const url = gateway.at('/recorder/mcp');
    const session = await open(url);
    for (const body of [
      { jsonrpc: '2.0', id: 'asked-by-server', result: { action: 'accept' } },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } },
    ]) {
      expect((await rawCall(url, body, { 'mcp-session-id': session })).status).toBe(202);
      const received = recorder.received.at(-1);
      expect([received?.message, received?.headers['mcp-session-id']]).toEqual([body, UPSTREAM_ID]);
    }
  });
});

describe('a stream', () => {
  it('of change notices reaches the client of its session', async () => {
    let told = 0;
    const { client, close } = await connectV1(gateway.at('/growing/mcp'), {
      prepare: (one) => one.setNotificationHandler(ToolListChangedNotificationSchema, () => void told++),
    });
    // The client opens its stream when it is connected, and does not say when that is done.
    const grow = async () => {
      await client.callTool({ name: 'grow' });
      return told;
    };
    await expect.poll(grow).toBeGreaterThan(0);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['grow', 'grown']);
    await close();
  });

  it('that broke is resumed after Last-Event-ID at the same replica', async () => {
    const url = gateway.at('/stateful/mcp');
    for (let i = 0; i < 4; i++) {
      const session = await open(url);
      const { body, headers } = legacyRequest('tools/call', { name: 'flaky', arguments: {} }, 7, session);
      const [primed, answered] = (await rawCall(url, body, headers)).events;
      const stream = await openEventStream(url, undefined, { ...headers, 'last-event-id': primed?.id ?? '' });
      expect((await stream.next())?.message).toEqual(answered?.message);
      stream.leave();
      await end(url, session);
    }
  });

  it('is one for each session, as the server says, and can be opened anew at once after it was left', async () => {
    const url = gateway.at('/stateful/mcp');
    const session = await open(url);
    const headers = { 'mcp-session-id': session };
    const first = await openEventStream(url, undefined, headers);
    expect(first.status).toBe(200);
    expect((await rawCall(url, undefined, { ...headers, accept: 'text/event-stream' })).status).toBe(409);
    first.leave();
    await expect
      .poll(async () => {
        const again = await openEventStream(url, undefined, headers);
        again.leave();
        return again.status;
      })
      .toBe(200);
    await end(url, session);
  });
});
