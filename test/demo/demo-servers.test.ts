// The demo servers, called by the official clients of both eras.
import type { ElicitRequest } from '@modelcontextprotocol/sdk/types.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, describe, expect, test } from 'vitest';
import type { Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { statefulServer } from '../../demo/stateful-server.ts';
import { statelessServer } from '../../demo/stateless-server.ts';
import { EXPORT_CHARS, TOOLS } from '../../demo/tools.ts';
import { connectV1, connectV2, rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';

const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(service: Parameters<typeof listen>[0]): Promise<Listening> {
  const listening = await listen(service, 0);
  closing.push(() => listening.close());
  return listening;
}

async function stateful() {
  const { url } = await serve(statefulServer('replica-a'));
  return connectV1(url, {
    client: { capabilities: { elicitation: {} } },
    prepare: (client) => client.setRequestHandler(ElicitRequestSchema, answerGreen),
  });
}

async function stateless(era: 'modern' | 'legacy') {
  const { url } = await serve(statelessServer('replica-b'));
  return connectV2(url, {
    era,
    client: { capabilities: { elicitation: {} } },
    prepare: (client) => client.setRequestHandler('elicitation/create', answerGreen),
  });
}

async function answerGreen(_request: Pick<ElicitRequest, 'method'>) {
  return { action: 'accept' as const, content: { color: 'green' } };
}

const KINDS = [
  ['the stateful server, by the v1 client', stateful, 'replica-a'],
  ['the stateless server, by the v2 client in 2026-07-28', () => stateless('modern'), 'replica-b'],
  ['the stateless server, by the v2 client in 2025-11-25', () => stateless('legacy'), 'replica-b'],
] as const;

describe.each(KINDS)('%s', (_kind, connect, replica) => {
  async function connected() {
    const { client, close } = await connect();
    closing.push(close);
    const call = async (name: string, args = {}, onprogress?: (progress: { progress: number }) => void) => {
      const result = await client.callTool(
        { name, arguments: args },
        undefined as never,
        { onprogress } as never,
      );
      return result as { isError?: boolean; content: Array<{ text: string }> };
    };
    return { client, call };
  }

  test('lists every tool with truthful hints, a resource and a prompt', async () => {
    const { client } = await connected();
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([...TOOLS.map((tool) => tool.name), 'ask_color']);
    const writes = tools.filter((tool) => tool.annotations?.readOnlyHint !== true);
    expect(writes.map((tool) => tool.name)).toEqual(['create_order']);
    expect(writes[0]?.annotations).toMatchObject({ destructiveHint: true, idempotentHint: false });
    expect((await client.readResource({ uri: 'demo://guide' })).contents[0]).toHaveProperty('text');
    const prompt = await client.getPrompt({ name: 'describe_table', arguments: { table: 'orders' } });
    expect(JSON.stringify(prompt)).toContain(replica);
  });

  test('names the replica in each answer', async () => {
    const { call } = await connected();
    for (const [name, args] of [
      ['get_table_schema', { table: 'orders' }],
      ['run_query', { table: 'items', limit: 2 }],
      ['search_docs', { query: 'lamp' }],
      ['create_order', { item: 'lamp', quantity: 1 }],
    ] as const) {
      const result = await call(name, args);
      expect(JSON.parse(result.content[0]?.text ?? '')).toMatchObject({ replica });
    }
  });

  test('fails every third call of flaky, and exports a text far over the default cap', async () => {
    const { call } = await connected();
    const outcomes = [await call('flaky'), await call('flaky'), await call('flaky')];
    expect(outcomes.filter((result) => result.isError === true)).toHaveLength(1);
    expect((await call('big_export')).content[0]?.text).toHaveLength(EXPORT_CHARS);
  });
});

test('the stateful server reports progress and asks its caller for a color on the same stream', async () => {
  const { client, close } = await stateful();
  closing.push(close);
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
  await client.callTool({ name: 'slow_report', arguments: { seconds: 0.1 } }, undefined, { onprogress });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(JSON.stringify(await client.callTool({ name: 'ask_color' }))).toContain('green');
});

test('the stateless server reports progress and asks its caller for a color in a second round', async () => {
  const { client, close } = await stateless('modern');
  closing.push(close);
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => seen.push(progress);
  await client.callTool({ name: 'slow_report', arguments: { seconds: 0.1 } }, { onprogress });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(JSON.stringify(await client.callTool({ name: 'ask_color' }))).toContain('green');
});

describe('a session of the stateful server', () => {
  test('is unknown to another replica, which answers 404', async () => {
    const [one, other] = [await serve(statefulServer('one')), await serve(statefulServer('other'))];
    const opened = await rawCall(one.url, initializeRequest().body);
    const { body, headers } = legacyRequest('tools/list', {}, 2, String(opened.headers['mcp-session-id']));
    expect((await rawCall(one.url, body, headers)).status).toBe(200);
    expect((await rawCall(other.url, body, headers)).status).toBe(404);
    expect((await rawCall(one.url, body)).status).toBe(400);
  });

  test('ends when it has been idle', async () => {
    const { url } = await serve(statefulServer('one', 30));
    const opened = await rawCall(url, initializeRequest().body);
    const { body, headers } = legacyRequest('ping', {}, 2, String(opened.headers['mcp-session-id']));
    await expect.poll(async () => (await rawCall(url, body, headers)).status, { interval: 120 }).toBe(404);
  });

  test('replays what a stream missed after Last-Event-ID', async () => {
    const { url } = await serve(statefulServer('one'));
    const opened = await rawCall(url, initializeRequest().body);
    const session = String(opened.headers['mcp-session-id']);
    const { body, headers } = legacyRequest('tools/call', { name: 'flaky', arguments: {} }, 7, session);
    const [primed, answered] = (await rawCall(url, body, headers)).events;
    const stream = await openEventStream(url, undefined, { ...headers, 'last-event-id': primed?.id ?? '' });
    expect((await stream.next())?.message).toEqual(answered?.message);
    stream.leave();
  });
});

test('a foreign Host or Origin is refused with 403', async () => {
  const { url } = await serve(statelessServer('one'));
  const { body } = initializeRequest();
  expect((await rawCall(url, body, { host: 'evil.example' })).status).toBe(403);
  expect((await rawCall(url, body, { origin: 'https://evil.example' })).status).toBe(403);
});
