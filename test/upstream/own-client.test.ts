// The gateway's own conversations: the era they are held in, and sessions of which none stays behind.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PoolConfig } from '../../config/schema.ts';
import { configSchema } from '../../config/schema.ts';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { OwnClient } from '../../gateway/upstream/own-client.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { startEverything } from '../support/everything-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';

/** A sessionful server that opens no session until it is told. */
class SlowServer {
  readonly open = new Set<string>();
  readonly held: ServerResponse[] = [];
  /** Sessions that it was asked to end. */
  readonly ended: string[] = [];
  /** What requests in a session are answered with. */
  status = 200;
  reply: object = { result: {} };
  readonly #server = createServer((request, response) => {
    void text(request).then((body) => {
      const session = String(request.headers['mcp-session-id']);
      if (request.method === 'DELETE') {
        this.open.delete(session);
        this.ended.push(session);
      }
      const message = body === '' ? {} : (JSON.parse(body) as { id?: number; method?: string });
      if (message.method === 'initialize') this.held.push(response);
      else if (message.id === undefined) response.writeHead(202).end();
      else if (this.open.has(session))
        response.writeHead(this.status, json).end(answer(message.id, this.reply));
      else response.writeHead(session === 'undefined' ? 400 : 404, json).end(answer(message.id, noSession));
      this.#server.emit('heard');
    });
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    onTestFinished(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  /** Resolves once a session is asked for. */
  async whenAsked(): Promise<void> {
    while (this.held.length === 0) await once(this.#server, 'heard', { signal: AbortSignal.timeout(5000) });
  }

  /** Opens the session that was asked for. */
  give(): void {
    const session = crypto.randomUUID();
    this.open.add(session);
    this.held
      .shift()
      ?.writeHead(200, { ...json, 'mcp-session-id': session })
      .end(answer(2, { result: {} }));
  }
}

const json = { 'content-type': 'application/json' };

const noSession = { error: { code: -32000, message: 'Bad Request: no session' } };

function answer(id: number, reply: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, ...reply });
}

async function start(): Promise<{ server: SlowServer; client: OwnClient; endpoint: Endpoint }> {
  const server = new SlowServer();
  return { server, ...connect(await server.start()) };
}

/** The gateway's own client of a server, in a pool with these settings. */
function connect(url: string, settings: object = {}): { client: OwnClient; endpoint: Endpoint } {
  const { pools, limits } = configSchema.parse({ pools: [{ name: 'p', endpoints: [{ url }], ...settings }] });
  const pool = new Pool(poolSettings(pools[0] as PoolConfig, limits));
  onTestFinished(() => pool.destroy());
  const endpoint = pool.endpoints[0] as Endpoint;
  return { client: new OwnClient(pool, endpoint), endpoint };
}

describe('a server of both eras', () => {
  const hello = ['initialize', 'notifications/initialized'];

  it.each([
    ['auto', undefined, ['server/discover', 'tools/list', 'server/discover']],
    ['modern', true, ['tools/list', 'server/discover']],
    ['legacy', false, [...hello, 'tools/list', 'ping']],
  ])('is asked in the era that the pool has: %s', async (era, stateless, methods) => {
    const upstream = await GatedUpstream.start();
    onTestFinished(() => upstream.close());
    const { client, endpoint } = connect(upstream.url, { era });
    expect([client.stateless, endpoint.stateless]).toEqual([stateless, stateless]);
    expect(await client.request('tools/list', {}, 5000)).toMatchObject({ status: 200 });
    expect(await client.ping(5000)).toMatchObject({ status: 200 });
    await client.close();
    expect(upstream.messages.map(({ method }) => method)).toEqual(methods);
  });
});

it.each([
  ['legacy', 'modern'],
  ['modern', 'legacy'],
] as const)('a server of the %s era is not asked for it by a pool of the other', async (actual, era) => {
  const server = await startEverything({ era: actual });
  onTestFinished(() => server.close());
  const { client } = connect(server.url, { era });
  for (let round = 0; round < 2; round++) {
    const answer = await client.ping(5000).catch(() => undefined);
    expect(answer?.result).toBeUndefined();
  }
  expect(client.stateless).toBe(era === 'modern');
  await client.close();
});

describe("a session of the gateway's own that the server has forgotten", () => {
  it.each([
    ['a check', (client: OwnClient) => client.ping(5000)],
    ['a request', (client: OwnClient) => client.request('tools/list', {}, 5000)],
  ])('is opened again for %s', async (_name, ask) => {
    const { server, client } = await start();
    const first = client.ping(5000);
    await server.whenAsked();
    server.give();
    await first;
    server.open.clear();
    const asked = ask(client);
    await server.whenAsked();
    server.give();
    expect(await asked).toMatchObject({ status: 200, result: {} });
    await client.close();
    expect(server.open.size).toBe(0);
  });
});

describe("a session of the gateway's own in which a check is answered badly", () => {
  async function check(server: SlowServer, client: OwnClient): Promise<number> {
    const asked = client.ping(5000);
    await server.whenAsked();
    server.give();
    return (await asked).status;
  }

  it.each([400, 405, 500, 503])('is ended, for the next check opens another one: %i', async (status) => {
    const { server, client } = await start();
    server.status = status;
    for (let round = 0; round < 2; round++) {
      expect(await check(server, client)).toBe(status);
      expect(client.hasSession).toBe(false);
      await vi.waitFor(() => expect(server.open.size).toBe(0), { timeout: 5000, interval: 5 });
    }
    await client.close();
  });

  it('is not ended where the server says that it knows it no more, and leaves no other behind', async () => {
    const { server, client } = await start();
    expect(await check(server, client)).toBe(200);
    const [forgotten] = server.open;
    server.status = 404;
    expect(await check(server, client)).toBe(404);
    server.status = 200;
    expect(await check(server, client)).toBe(200);
    await client.close();
    // But the one that was opened in its place, in which the check was answered 404 again.
    await vi.waitFor(() => expect([...server.open]).toEqual([forgotten]), { timeout: 5000, interval: 5 });
  });
});

it("a session of the gateway's own outlives a method that the server does not know", async () => {
  const { server, client } = await start();
  server.status = 404;
  server.reply = { error: { code: -32601, message: 'Method not found' } };
  const asked = client.request('prompts/list', {}, 5000);
  await server.whenAsked();
  server.give();
  expect(await asked).toMatchObject({ status: 404, errorCode: -32601 });
  expect(client.hasSession).toBe(true);
  await client.close();
  expect(server.open.size).toBe(0);
});

it("a session of the gateway's own is ended by a close, too, where the server does not pass its checks", async () => {
  const { server, client, endpoint } = await start();
  const ping = client.ping(5000);
  await server.whenAsked();
  server.give();
  await ping;
  endpoint.unhealthy = true;
  await client.close();
  expect(server.open.size).toBe(0);
});

describe("a session of the gateway's own that opens late", () => {
  it('is ended by a close that comes before it', async () => {
    const { server, client } = await start();
    const ping = client.ping(5000).catch((error: Error) => error.message);
    await server.whenAsked();
    const closed = client.close();
    server.give();
    await closed;
    expect(server.open.size).toBe(0);
    expect(await ping).toBe('answered initialize too late');
  });

  it('is ended by a close, too, where the server takes longer than its checks may', async () => {
    const { server, client, endpoint } = await start();
    const gaveUp = expect(client.ping(1000)).rejects.toThrow('timeout');
    await server.whenAsked();
    await gaveUp;
    endpoint.unhealthy = true;
    const closed = client.close();
    server.give();
    await closed;
    expect(server.open.size).toBe(0);
  });

  it('is not even asked for after a close', async () => {
    const { server, client } = await start();
    const ping = client.ping(5000).catch((error: Error) => error.message);
    await client.close();
    expect(await ping).toBe('the conversation has been closed');
    expect(server.held).toEqual([]);
  });

  it('is ended when who asked for it has given up', async () => {
    const { server, client } = await start();
    const gaveUp = expect(client.ping(1000)).rejects.toThrow('timeout');
    await server.whenAsked();
    await gaveUp;
    server.give();
    expect(server.open.size).toBe(1);
    await vi.waitFor(() => expect(server.open.size).toBe(0), { timeout: 5000, interval: 5 });
    await client.close();
  });

  it('serves who still waits, until it is closed', async () => {
    const { server, client } = await start();
    const ping = client.ping(5000);
    await server.whenAsked();
    server.give();
    expect(await ping).toMatchObject({ status: 200, result: {} });
    expect(client.hasSession).toBe(true);
    await client.close();
    expect(server.open.size).toBe(0);
  });
});
