// The catalogue: what a pool lists stays known while nothing better is, and is asked for again when it may have changed.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PoolConfig } from '../../config/schema.ts';
import { configSchema } from '../../config/schema.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import { Catalogue, MOST_WAITING } from '../../gateway/upstream/catalogue.ts';
import { mirroredParamsStage } from '../../gateway/upstream/mirrored-params.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { makeExchange } from '../core/make-exchange.ts';
import { makeReply } from '../core/make-reply.ts';
import { modernRequest } from '../support/message.ts';

/** What a list is answered with. */
type Page = { result?: object; error?: object; status?: number };

const discovered = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };

const region = { type: 'string', 'x-mcp-header': 'Region' };
const read = {
  name: 'read',
  annotations: { readOnlyHint: true, openWorldHint: false },
  inputSchema: { type: 'object', properties: { region } },
};
const plain = { name: 'read', inputSchema: { type: 'object' } };

/** A catalogue of a server that answers each page as `page` says at that time; `pass` moves its clock. */
async function start(first: (cursor: string | undefined) => Page | Promise<Page>) {
  const server = { page: first, asked: 0 };
  const http = createServer((request, response) => {
    void text(request).then(async (body) => {
      const message = JSON.parse(body);
      const isList = message.method.endsWith('/list');
      if (isList) server.asked++;
      const { status = 200, ...answer } = isList
        ? await server.page(message.params.cursor)
        : { result: discovered };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    });
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const { pools, limits } = configSchema.parse({
    pools: [{ name: 'p', endpoints: [{ url: `http://127.0.0.1:${port}/mcp` }] }],
  });
  const pool = new Pool(poolSettings(pools[0] as PoolConfig, limits));
  onTestFinished(async () => {
    await pool.destroy();
    http.close();
  });
  let now = 0;
  const catalogue = new Catalogue(pool, undefined, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  await catalogue.refresh();
  return { server, catalogue, pass, names: () => [...catalogue.tools.keys()] };
}

const tools = (...list: object[]): Page => ({ result: { tools: list } });
const bound = { timeout: 5000, interval: 5 };

describe('the tools of a pool', () => {
  it('are those of all pages', async () => {
    const { names } = await start((cursor) =>
      cursor === undefined ? { result: { tools: [read], nextCursor: 'b' } } : tools({ name: cursor }),
    );
    expect(names()).toEqual(['read', 'b']);
  });

  const refused = { error: { code: -32603, message: 'busy' } };
  it.each<[string, (cursor: string | undefined) => Page]>([
    ['is asked to come later', () => ({ status: 429, ...refused })],
    ['is refused', () => ({ status: 401 })],
    ['gets an error', () => refused],
    ['gets something else', () => ({ result: {} })],
    ['gets one good page only', (cursor) => (cursor ? refused : { result: { tools: [], nextCursor: 'b' } })],
  ])('stay known when who asks for them again %s', async (_what, page) => {
    const { server, catalogue, pass, names } = await start(() => tools(read));
    server.page = page;
    pass(10_000);
    await expect(catalogue.refresh()).rejects.toThrow('answered tools/list');
    expect(names()).toEqual(['read']);
    server.page = () => tools(plain);
    pass(10_000);
    expect(catalogue.find('read')).toMatchObject(read);
    await vi.waitFor(() => expect(catalogue.find('read')?.annotations).toEqual({}), bound);
  });

  it('are none where the server knows no such list any more', async () => {
    const { server, catalogue, pass, names } = await start(() => tools(read));
    server.page = () => ({ error: { code: -32601, message: 'Method not found' } });
    pass(10_000);
    await catalogue.refresh();
    expect(names()).toEqual([]);
  });

  it('are asked for again at their next use after five minutes, which does not wait', async () => {
    const { server, catalogue, pass } = await start(() => tools(read));
    server.page = () => tools(plain);
    pass(299_999);
    expect(catalogue.isReadOnly('read')).toBe(true);
    expect(server.asked).toBe(1);
    pass(1);
    expect(catalogue.isReadOnly('read')).toBe(true);
    await vi.waitFor(() => expect(catalogue.isReadOnly('read')).toBe(false), bound);
    expect(server.asked).toBe(2);
  });

  it('are asked for when they have changed, yet not twice within ten seconds', async () => {
    const { server, catalogue, pass, names } = await start(() => tools(read));
    server.page = () => tools();
    catalogue.outdate();
    catalogue.find('read');
    expect(server.asked).toBe(1);
    pass(10_000);
    catalogue.find('read');
    await vi.waitFor(() => expect(names()).toEqual([]), bound);
    server.page = () => tools(read);
    pass(10_000);
    catalogue.outdate();
    await vi.waitFor(() => expect(names()).toEqual(['read']), bound);
  });
});

it('prompts stay known when who asks for them again gets an error', async () => {
  const { server, catalogue, pass } = await start(() => ({
    result: { tools: [], prompts: [{ name: 'hello' }] },
  }));
  await vi.waitFor(() => expect(catalogue.prompts.has('hello')).toBe(true), bound);
  server.page = () => ({ status: 429 });
  pass(10_000);
  await expect(catalogue.prompts.refresh()).rejects.toThrow('answered prompts/list with 429');
  expect(catalogue.prompts.has('hello')).toBe(true);
});

describe('a call whose headers do not mirror its arguments', () => {
  function call(catalogue: Catalogue) {
    const { body } = modernRequest('tools/call', { name: 'read', arguments: { region: 'eu' } });
    const stage = mirroredParamsStage(catalogue)((_x: Exchange) =>
      Promise.resolve(makeReply({ status: 200 })),
    );
    return stage(makeExchange(body, {}, modern));
  }

  it('is refused', async () => {
    const { catalogue } = await start(() => tools(read));
    expect((await call(catalogue)).status).toBe(400);
  });

  it('passes where the tool mirrors nothing any more, whoever else comes at that time', async () => {
    const { server, catalogue, pass } = await start(() => tools(read));
    server.page = () => tools(plain);
    pass(10_000);
    const replies = await Promise.all([call(catalogue), call(catalogue)]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(server.asked).toBe(2);
  });

  it('is refused, and makes no list be asked for, when that was done a moment ago', async () => {
    const { server, catalogue, pass } = await start(() => tools(read));
    pass(9_999);
    expect((await call(catalogue)).status).toBe(400);
    expect(server.asked).toBe(1);
  });

  it('is refused by the known list where a new one does not come soon, and the next by that one', async () => {
    const { server, catalogue, pass } = await start(() => tools(read));
    const { promise: page, resolve } = Promise.withResolvers<Page>();
    server.page = () => page;
    pass(10_000);
    expect((await call(catalogue)).status).toBe(400);
    resolve(tools(plain));
    await vi.waitFor(() => expect(catalogue.tools.get('read')?.mirrored).toEqual([]), bound);
    expect((await call(catalogue)).status).toBe(200);
    expect(server.asked).toBe(2);
  });

  it('is refused at once where too many wait for a new list', async () => {
    const { server, catalogue, pass } = await start(() => tools(read));
    const { promise: page, resolve } = Promise.withResolvers<Page>();
    server.page = () => page;
    pass(10_000);
    let over = 0;
    const first = Array.from({ length: MOST_WAITING }, () => call(catalogue).finally(() => over++));
    expect((await call(catalogue)).status).toBe(400);
    expect(over).toBe(0);
    resolve(tools(plain));
    await Promise.all(first);
  });
});
