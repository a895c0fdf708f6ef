// Large results through both SDK clients: cut on the way, and read back whole by their owner and nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1, connectV2, rawCall } from '../support/clients.ts';
import type { GatedCall } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';

const MARKER = '(Response truncated. Narrow your query for complete results.)';
/** 200 000 characters, some of which JSON escapes and UTF-8 spells long. */
const EXPORT = 'line "1"\té漢\n'.repeat(16_667).slice(0, 200_000);

let upstream: GatedUpstream;
let gateway: TestGateway;

function onCall(call: GatedCall): void {
  const { message, response } = call;
  const text = message.params?.name === 'small' ? 'short' : EXPORT;
  if (message.params?.name === 'endless') {
    response.writeHead(200, { 'content-type': 'application/json' });
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.write('{"result":{"content":[{"type":"text","text":"');
    response.on('drain', more);
    more();
  } else if (message.params?.name === 'export_stream') {
    const result = { resultType: 'complete', content: [{ type: 'text', text }] };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    const token = message.params._meta?.['progressToken'];
    const progress = { method: 'notifications/progress', params: { progressToken: token, progress: 1 } };
    if (token !== undefined) response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...progress })}\n\n`);
    const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result });
    response.end(`event: message\r\nid: 7\r\ndata: ${answer}\r\n\r\n`);
  } else call.text(text);
}

beforeAll(async () => {
  upstream = await GatedUpstream.start(onCall);
  const pools = [
    { name: 'a', endpoints: [{ url: upstream.url }], tools: [{ match: 'tight', response_chars: 500 }] },
  ];
  gateway = await startGateway({
    clients: [
      { id: 'owner', api_key: 'key-owner' },
      { id: 'other', api_key: 'key-other' },
      { id: 'small', api_key: 'key-small', response_chars: 2000 },
    ],
    limits: { max_response: '4MiB' },
    pools,
  });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface Content {
  type: string;
  text?: string;
  uri?: string;
}

/** What both SDK clients can do, as far as this flow needs it. */
interface Client {
  callTool(params: { name: string; arguments: Record<string, unknown> }, ...rest: never[]): Promise<unknown>;
  readResource(params: { uri: string }): Promise<{ contents: { uri: string; text?: string }[] }>;
}

async function readAll(client: Client, uri: string): Promise<string> {
  let whole = '';
  for (let next: string | undefined = uri; next !== undefined; ) {
    const { contents } = await client.readResource({ uri: next });
    expect(contents[0]?.text?.length).toBeLessThanOrEqual(50_000);
    whole += contents[0]?.text ?? '';
    next = contents[1]?.uri;
  }
  return whole;
}

async function connect(line: string, key: string): Promise<{ client: Client; close(): Promise<void> }> {
  const headers = { 'x-api-key': key };
  const connected =
    line === 'v1'
      ? await connectV1(gateway.url, { headers })
      : await connectV2(gateway.url, { headers, era: line === 'v2 legacy' ? 'legacy' : 'modern' });
  return connected as unknown as { client: Client; close(): Promise<void> };
}

describe.each(['v1', 'v2', 'v2 legacy'])('an SDK %s client', (line) => {
  it.each(['export', 'export_stream'])(
    'gets a valid, cut result of %s and reads the whole text back',
    async (name) => {
      const owner = await connect(line, 'key-owner');
      const result = (await owner.client.callTool({ name, arguments: {} })) as {
        content: Content[];
        _meta: Record<string, unknown>;
      };
      const chars = result.content.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
      expect(chars).toBeLessThanOrEqual(50_000);
      expect(chars).toBeGreaterThan(49_000);
      const lastText = result.content.findLast(({ type }) => type === 'text')?.text ?? '';
      expect(lastText.endsWith(MARKER)).toBe(true);
      expect(result._meta['mcp-gateway/truncated']).toMatchObject({ chars: 200_000 });
      const link = result.content.find(({ type }) => type === 'resource_link');
      const uri = link?.uri ?? '';
      expect(uri).toMatch(/^mcp-gateway:\/\/results\//);
      expect(await readAll(owner.client, uri)).toBe(EXPORT);

      const other = await connect(line, 'key-other');
      await expect(other.client.readResource({ uri })).rejects.toThrow(/not found/i);
      await owner.close();
      await other.close();
    },
  );
});

function call(name: string, key = 'key-owner', request = modernRequest) {
  const { body, headers } = request('tools/call', { name, arguments: {} }, 3);
  return rawCall(gateway.url, body, { ...headers, 'x-api-key': key });
}

describe('the cap', () => {
  it('lets small results through byte for byte', async () => {
    const answer = await call('small');
    const meta = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    const result = { ...meta, content: [{ type: 'text', text: 'short' }] };
    expect(answer.text).toBe(JSON.stringify({ jsonrpc: '2.0', id: 3, result }));
  });

  it.each([
    ['a tool', 'tight', 'key-owner', 500],
    ['a client', 'export', 'key-small', 2000],
  ])('of %s goes before the general one', async (_what, name, key, limit) => {
    const { json } = await call(name, key);
    const { content } = (json as { result: { content: Content[] } }).result;
    expect(content.reduce((sum, { text }) => sum + (text?.length ?? 0), 0)).toBeLessThanOrEqual(limit);
  });

  it('names the text in a sentence where the revision knows no links', async () => {
    const { body } = legacyRequest('tools/call', { name: 'export', arguments: {} }, 3);
    const { json } = await rawCall(gateway.url, body, { 'x-api-key': 'key-owner' });
    const { content } = (json as { result: { content: Content[] } }).result;
    expect(content).toHaveLength(1);
    expect(content[0]?.text).toMatch(
      /\[The full text is the resource mcp-gateway:\/\/results\/[\w-]+\]\n\(Response/,
    );
  });

  it('keeps the other lines of an event', async () => {
    const { events, text } = await call('export_stream');
    expect(events.at(-1)).toMatchObject({ id: '7' });
    expect(text.startsWith(': hello\n\n')).toBe(true);
  });

  it('ends an answer that never does', async () => {
    const answer = await call('endless');
    expect(answer.status).toBe(502);
    expect(answer.json).toMatchObject({ id: 3, error: { data: { reason: 'upstream_failed' } } });
  });

  it.each([
    'mcp-gateway://results/none',
    'mcp-gateway://results/',
    'mcp-gateway://results/a/b',
    'mcp-gateway://results/x?page=0',
  ])('answers %s with a resource that is not there', async (uri) => {
    const { body, headers } = modernRequest('resources/read', { uri }, 4);
    const answer = await rawCall(gateway.url, body, { ...headers, 'x-api-key': 'key-owner' });
    expect(answer.json).toMatchObject({ id: 4, error: { code: -32602 } });
  });

  it('counts what it cut', async () => {
    const counts = [...(await gateway.metrics())].filter(([name]) =>
      name.startsWith('mcp_gateway_truncations_total'),
    );
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(8);
  });
});
