// Tools that a client may not see or call, at a running gateway, in both eras and both forms of answer.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { filterTools } from '../../gateway/auth/filter-tools.ts';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';

describe('filtering a list', () => {
  const allows = (tool: string) => tool.startsWith('a');
  const filter = (text: string) => filterTools(Buffer.from(text), allows).toString();

  it.each([
    ['keeps what is allowed', '{"result":{"tools":[{"name":"a1"}]}}', '{"result":{"tools":[{"name":"a1"}]}}'],
    [
      'cuts the first',
      '{"result":{"tools":[{"name":"b"},{"name":"a"}]}}',
      '{"result":{"tools":[{"name":"a"}]}}',
    ],
    [
      'cuts the last',
      '{"result":{"tools":[{"name":"a"} , {"name":"b"}]}}',
      '{"result":{"tools":[{"name":"a"}]}}',
    ],
    ['cuts all', '{"result":{"tools":[{"name":"b"},{"name":"c"}],"x":1}}', '{"result":{"tools":[],"x":1}}'],
    [
      'leaves every other byte alone',
      '{ "id":9007199254740993, "result":{"tools":[{"name":"b"},{"name":"a","x":1.0e2}] ,"nextCursor":"\\u0061"} }',
      '{ "id":9007199254740993, "result":{"tools":[{"name":"a","x":1.0e2}] ,"nextCursor":"\\u0061"} }',
    ],
    [
      'sees through escapes',
      '{"r\\u0065sult":{"tools":[{"n\\u0061me":"\\u0062"}]}}',
      '{"r\\u0065sult":{"tools":[]}}',
    ],
    [
      'shows no tool with a second name',
      '{"result":{"tools":[{"name":"a","name":"b"}]}}',
      '{"result":{"tools":[]}}',
    ],
    ['shows no tool without a name', '{"result":{"tools":[{},7,{"name":3}]}}', '{"result":{"tools":[]}}'],
    [
      'reads both of two lists',
      '{"result":{"tools":[{"name":"b"}],"tools":[{"name":"c"}]}}',
      '{"result":{"tools":[],"tools":[]}}',
    ],
    [
      'reads batches',
      '[{"result":{"tools":[{"name":"b"}]}},{"result":{}}]',
      '[{"result":{"tools":[]}},{"result":{}}]',
    ],
  ])('%s', (_what, list, expected) => {
    expect(filter(list)).toBe(expected);
  });

  it('never passes what it cannot read', () => {
    expect(() => filter('{"result":{"tools":[{"name":"b"}]')).toThrow();
  });
});

let upstream: GatedUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await GatedUpstream.start((call) => call.text('done'));
  upstream.tools = ['search_docs', 'search_web', 'drop_table'].map((name) => ({
    name,
    inputSchema: { type: 'object' },
  }));
  gateway = await startGateway({
    clients: [
      { id: 'reader', api_key: 'reader-key', tools: { allow: ['search_*'], deny: ['search_web'] } },
      { id: 'admin', api_key: 'admin-key' },
    ],
    pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }],
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

describe.each([
  ['legacy', legacyRequest],
  ['modern', modernRequest],
])('a %s client with tool rules', (_era, request) => {
  const send = (method: string, params: Record<string, unknown>, key: string) => {
    const { body, headers } = request(method, params, 3);
    return rawCall(gateway.url, body, { ...headers, 'x-api-key': key });
  };

  it('is listed only what it may call', async () => {
    const listed = await send('tools/list', {}, 'reader-key');
    expect(
      (listed.json as { result: { tools: { name: string }[] } }).result.tools.map((t) => t.name),
    ).toEqual(['search_docs']);
    const all = await send('tools/list', {}, 'admin-key');
    expect((all.json as { result: { tools: unknown[] } }).result.tools).toHaveLength(3);
  });

  it('is listed no more when another header of the answer says what a name of one says', async () => {
    upstream.headers = { 'x-request-id': 'content-type' };
    onTestFinished(() => {
      upstream.headers = {};
    });
    const listed = await send('tools/list', {}, 'reader-key');
    expect(listed.headers).toMatchObject({ 'x-request-id': 'content-type' });
    expect(listed.json).toMatchObject({ result: { tools: [{ name: 'search_docs' }] } });
  });

  it.each([
    ['search_docs', 'reader-key', 200],
    ['search_web', 'reader-key', 403],
    ['drop_table', 'reader-key', 403],
    ['no_such_tool', 'reader-key', 403],
    ['drop_table', 'admin-key', 200],
  ])('calling %s with %s is answered %i', async (name, key, status) => {
    const before = upstream.messages.length;
    const answer = await send('tools/call', { name, arguments: {} }, key);
    expect(answer.status).toBe(status);
    expect(upstream.messages.length - before).toBe(status === 200 ? 1 : 0);
    if (status === 403) {
      expect(answer.json).toMatchObject({
        id: 3,
        error: { data: { source: 'gateway', reason: 'forbidden' } },
      });
    }
  });
});

describe('a batch with a tool that its client may not call', () => {
  const call = (id: number, name: string) => legacyRequest('tools/call', { name, arguments: {} }, id).body;

  it('is refused with the name of that tool, for each of its requests', async () => {
    const before = upstream.messages.length;
    const batch = [call(1, 'search_docs'), call(2, 'drop_table'), call(3, 'search_web')];
    const answer = await rawCall(gateway.url, batch, { 'x-api-key': 'reader-key' });
    expect(answer.status).toBe(403);
    const message = 'The tool drop_table is not allowed for this client';
    const error = { message, data: { source: 'gateway', reason: 'forbidden' } };
    expect(answer.json).toMatchObject([1, 2, 3].map((id) => ({ id, error })));
    expect(upstream.messages).toHaveLength(before);
  });
});
