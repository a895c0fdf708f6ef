// Bad input: whatever a client sends, it gets an answer that says so under its own id, and no one else notices.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';

let upstream: FaultUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startFaults();
  gateway = await startGateway({
    listen: { max_body: '64KiB' },
    pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const good = modernRequest('tools/call', { name: 'ok', arguments: {} });

/** After each of them the gateway serves as before. */
afterEach(async () => {
  expect((await rawCall(gateway.url, good.body, good.headers)).status).toBe(200);
});

/** Sends it; it must be refused with this JSON-RPC code under this id, and reach no server. */
async function refused(
  body: string | Buffer,
  code: number,
  id: unknown = null,
  headers: Record<string, string | string[]> = {},
) {
  const before = upstream.calls().length;
  const answer = await rawCall(gateway.url, body, headers);
  expect(answer.json).toEqual({
    jsonrpc: '2.0',
    id,
    error: {
      code,
      message: expect.any(String) as string,
      data: { source: 'gateway', reason: 'bad_request' },
    },
  });
  expect(answer.status).toBe(400);
  expect(upstream.calls().length).toBe(before);
}

const PARSE = -32700;
const INVALID = -32600;

describe('a body', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['text', 'hello'],
    ['half an object', '{"jsonrpc":"2.0","id":'],
    ['two documents', '{"jsonrpc":"2.0","method":"a"}{}'],
    ['a byte order mark', '\ufeff{"jsonrpc":"2.0","method":"a"}'],
    ['a comment', '{"jsonrpc":"2.0",/* */"method":"a"}'],
    ['a trailing comma', '{"jsonrpc":"2.0","method":"a",}'],
    ['NaN', '{"jsonrpc":"2.0","method":"a","params":{"n":NaN}}'],
    ['a control character in a string', '{"jsonrpc":"2.0","method":"a\u0001"}'],
    ['UTF-16', Buffer.from('{"jsonrpc":"2.0","method":"a"}', 'utf16le')],
    ['broken UTF-8', Buffer.from('{"jsonrpc":"2.0","method":"\xff"}', 'latin1')],
    ['bytes that are gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  ])('that is %s is not JSON', async (_name, body) => {
    await refused(body, PARSE);
  });

  it.each([
    ['a number', '1'],
    ['null', 'null'],
    ['an empty batch', '[]'],
    ['a batch of numbers', '[1]'],
    ['no method', '{"jsonrpc":"2.0"}'],
    ['another version', '{"jsonrpc":"1.0","method":"a"}'],
    ['no version', '{"method":"a"}'],
    ['an initialize in a batch', `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":{}}]`],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"a"}'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"a"}'],
    ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"a"}'],
    ['an id of a kilobyte', `{"jsonrpc":"2.0","id":"${'x'.repeat(1024)}","method":"a"}`],
  ])('that is %s is no JSON-RPC message', async (_name, body) => {
    await refused(body, INVALID);
  });

  it.each([
    ['a method that is a number', '{"id":7,"jsonrpc":"2.0","method":1}'],
    ['a request and a response at once', '{"id":7,"jsonrpc":"2.0","method":"a","result":{}}'],
    ['two methods', '{"id":7,"jsonrpc":"2.0","method":"tools/list","method":"tools/call"}'],
    ['two methods, one of them escaped', '{"id":7,"jsonrpc":"2.0","method":"a","m\\u0065thod":"b"}'],
    ['two names', '{"id":7,"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","name":"b"}}'],
    ['a name in another case', '{"id":7,"jsonrpc":"2.0","method":"tools/call","params":{"Name":"a"}}'],
    ['two params', '{"id":7,"jsonrpc":"2.0","method":"a","params":{},"params":{}}'],
    ['two ids', '{"id":7,"id":7,"jsonrpc":"2.0","method":"a"}'],
    ['nesting 65 deep', `{"id":7,"jsonrpc":"2.0","method":"a","params":${'['.repeat(65)}${']'.repeat(65)}}`],
  ])('with %s is refused under its id', async (_name, body) => {
    await refused(body, INVALID, 7);
  });

  it('of too many elements is refused before any is built', async () => {
    const roomy = await startGateway({ pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }] });
    const body = `{"id":7,"jsonrpc":"2.0","method":"a","params":[${'0,'.repeat(200_000)}0]}`;
    const answer = await rawCall(roomy.url, body);
    expect([answer.status, answer.json]).toMatchObject([400, { id: 7, error: { code: INVALID } }]);
    await roomy.stop();
  });

  it('that is a bad batch is refused as one, whichever message is at fault', async () => {
    await refused('[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":3}]', INVALID);
  });
});

describe('headers', () => {
  const text = JSON.stringify(good.body);

  it.each([
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another name', { 'mcp-name': 'other' }],
    ['a name in another case', { 'mcp-name': 'OK' }],
    ['a name that is not base64', { 'mcp-name': '=?base64?%%%?=' }],
    ['another revision', { 'mcp-protocol-version': '2025-11-25' }],
  ])('that say %s than the body are refused', async (_name, headers) => {
    await refused(text, -32020, 1, { ...good.headers, ...headers });
  });

  it.each(['mcp-method', 'mcp-name', 'mcp-protocol-version'])('without %s are refused', async (name) => {
    const { [name]: _left, ...headers } = good.headers;
    await refused(text, -32020, 1, headers);
  });

  it('that name a revision whose body claims none are refused', async () => {
    const { body } = legacyRequest('tools/call', { name: 'ok' });
    await refused(JSON.stringify(body), -32602, 1, good.headers);
  });

  it.each(['mcp-method', 'mcp-name', 'mcp-session-id', 'mcp-protocol-version', 'content-type', 'origin'])(
    'with two of %s are refused',
    async (name) => {
      const value = good.headers[name] ?? (name === 'origin' ? gateway.origin : 'application/json');
      await refused(text, INVALID, null, { ...good.headers, [name]: [value, value] });
    },
  );
});

describe('paths and HTTP methods', () => {
  it.each(['/', '/mcp/', '/MCP', '/mcp/..', '//mcp', '/%6dcp', '/metrics', '/admin/state', '/livez'])(
    '%s is no endpoint',
    async (path) => {
      const { status, json } = await rawCall(gateway.at(path), good.body, good.headers, { path });
      expect([status, json]).toMatchObject([404, { id: null, error: { data: { reason: 'not_found' } } }]);
    },
  );

  it.each(['PUT', 'PATCH', 'TRACE', 'PROPFIND'])('%s is not served', async (method) => {
    const { status, headers } = await rawCall(gateway.url, undefined, {}, { method });
    expect([status, headers.allow]).toEqual([405, 'POST, GET, DELETE, OPTIONS']);
  });
});
