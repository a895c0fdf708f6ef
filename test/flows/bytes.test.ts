// The byte path: what a client sends and what a server answers cross the gateway unchanged, JSON or events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

/** What the upstream answers next. */
let answer: { status: number; headers: Record<string, string>; chunks: string[] };
let upstream: ScriptedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startScripted(async (_request, response) => {
    response.writeHead(answer.status, answer.headers);
    for (const chunk of answer.chunks) await new Promise<void>((done) => response.write(chunk, () => done()));
    response.end();
  });
  gateway = await startGateway({ pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }] });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'run' };
const meta =
  '"_meta" : {"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

/** Members that a parser and serialiser in between would lose, change or reorder. */
const odd =
  '"zz":1,"aa":{"n":9007199254740993,"e":1.0e+2,"neg":-0,"dup":1,"dup":2,"u":"\\u00e9\\/é","":null},"aa":[1.00]';

const requests = {
  'a stateless request': {
    headers: modernHeaders,
    body: `{ "params":{"name":"run",${meta},"arguments":{${odd}}},\n\t"method":"tools/call","id":9007199254740993,"jsonrpc":"2.0", "x-unknown":{${odd}} }\n`,
  },
  'a sessionful request': {
    headers: { 'mcp-protocol-version': '2025-11-25' },
    body: `{"jsonrpc":"2.0","id":"\\u0061\\n","method":"tools/call","params":{"arguments":{${odd}},"name":"run"},"zz":{${odd}}}`,
  },
  'a notification': {
    headers: {},
    body: `{"method":"notifications/x","jsonrpc":"2.0","params":{${odd}}}`,
  },
  'a posted answer': { headers: {}, body: `{"id":7,"jsonrpc":"2.0","result":{${odd}}}` },
  'a batch': {
    headers: { 'mcp-protocol-version': '2025-03-26' },
    body: `[ {"jsonrpc":"2.0","id":1,"method":"ping","params":{${odd}}} ,{"jsonrpc":"2.0","id":1.0,"method":"ping"}]`,
  },
};

describe('bytes on the way up', () => {
  it.each(Object.entries(requests))('%s arrives as it was sent', async (_name, { headers, body }) => {
    answer = { status: 202, headers: {}, chunks: [] };
    await rawCall(gateway.url, body, headers);
    expect(upstream.received.at(-1)?.body.toString()).toBe(body);
  });
});

const call = () => rawCall(gateway.url, requests['a stateless request'].body, modernHeaders);
const result = `{"result":{${odd},"content":[]},  "id" :9007199254740993,"jsonrpc":"2.0","more":{${odd}}}`;

describe('bytes on the way down', () => {
  it('are none where the status says that there are none', async () => {
    answer = { status: 205, headers: { 'content-type': 'text/plain' }, chunks: ['not ', 'to be'] };
    const { headers, body } = requests['a notification'];
    for (let i = 0; i < 3; i++) {
      const passed = await rawCall(gateway.url, body, headers);
      expect([passed.status, passed.text, passed.headers['content-length']]).toEqual([205, '', '0']);
    }
  });

  it.each([
    ['JSON', 'application/json', [result]],
    ['JSON in pieces', 'application/json; charset=utf-8', [result.slice(0, 40), result.slice(40)]],
    [
      'events with comments, ids, several data lines and every kind of line end',
      'text/event-stream',
      [
        ': hello\n\nretry: 5\r\nid: 1\r\ndata: {"jsonrpc":"2.0",\r\ndata: "method":"notifications/x"}\r\n\r\n',
        `event: message\rid: 2\rdata: ${result}\r\r: bye\n\n`,
      ],
    ],
    ['an event stream that is cut into single bytes', 'text/event-stream', [...`data: ${result}\n\n`]],
  ])('%s reach the client as they were sent', async (_name, type, chunks) => {
    answer = { status: 200, headers: { 'content-type': type }, chunks };
    const { status, headers, text, complete } = await call();
    expect([status, headers['content-type'], text, complete]).toEqual([200, type, chunks.join(''), true]);
  });

  it('JSON larger than what is held reaches the client as it was sent', async () => {
    const sent = `${result.slice(0, -1)}, "big": "${'é'.repeat(100_000)}"}`;
    answer = { status: 200, headers: { 'content-type': 'application/json' }, chunks: [sent] };
    const read = `{"jsonrpc":"2.0","id":9007199254740993,"method":"resources/read","params":{"uri":"a:b"}}`;
    const { status, text } = await rawCall(gateway.url, read, {});
    expect([status, text === sent]).toEqual([200, true]);
  });

  it.each([400, 404, 500, 503])('an error of the server keeps its status %i and its body', async (status) => {
    const text = `{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32000,"message":"no","data":{${odd}}}}`;
    answer = { status, headers: { 'content-type': 'application/json' }, chunks: [text] };
    expect(await call()).toMatchObject({ status, text });
  });

  it('an answer that is not UTF-8 is not passed on as if it were', async () => {
    const text = '{"jsonrpc":"2.0","id":9007199254740993,"result":{"x":"\xff"}}';
    answer = { status: 200, headers: { 'content-type': 'application/json' }, chunks: [] };
    const latin1 = await startScripted((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(text, 'latin1');
    });
    const own = await startGateway({ pools: [{ name: 'a', endpoints: [{ url: latin1.url }] }] });
    const { status, json } = await rawCall(own.url, requests['a stateless request'].body, modernHeaders);
    expect(status).toBe(502);
    expect(json).toMatchObject({ error: { data: { source: 'gateway', reason: 'upstream_failed' } } });
    await own.stop();
    await latin1.close();
  });
});
