// Notices: the gateway listens at every endpoint that a pool has, and at no other, and stops at once.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { PoolConfig } from '../../config/schema.ts';
import { configSchema } from '../../config/schema.ts';
import type { DnsEndpoint } from '../../gateway/upstream/endpoint-list.ts';
import { Notices } from '../../gateway/upstream/notices.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { PoolWatch } from '../../gateway/upstream/pool-watch.ts';
import { HandClock } from '../health/hand-clock.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';

/** A server of the stateless era that lets a test hold all answers, and shows the streams that are open. */
class Speaker {
  readonly streams = new Set<ServerResponse>();
  readonly held: ServerResponse[] = [];
  holds = false;
  /** Streams opened so far. */
  opened = 0;
  endsStreams = false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id, method } = JSON.parse(await text(request)) as { id: number; method: string };
    if (this.holds) this.held.push(response);
    else if (method === 'subscriptions/listen') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      this.streams.add(response);
      response.once('close', () => this.streams.delete(response));
      this.opened++;
      if (this.endsStreams) response.end();
    } else {
      const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    }
  }

  /** Listens; resolves with its port. */
  async start(host = '127.0.0.1', port = 0): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    onTestFinished(() => this.stop());
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function makePool(endpoint: object, settings: object = {}): Pool {
  const { pools, limits } = configSchema.parse({
    pools: [{ name: 'p', endpoints: [endpoint], ...settings }],
  });
  const pool = new Pool(poolSettings(pools[0] as PoolConfig, limits));
  onTestFinished(() => pool.destroy());
  return pool;
}

const bound = { timeout: 10_000, interval: 5 };

/** Notices of a pool behind a name, with its checks; `leads` says where the name leads from now on. */
function listenAtName(port: number, settings: object = {}) {
  const pool = makePool({ dns: 'pods.internal', port }, settings);
  let addresses = ['127.0.0.1'];
  const source = { ...pool.settings.endpoints[0], refreshMs: 20 } as DnsEndpoint;
  const watch = new PoolWatch(Object.assign(pool, { settings: { ...pool.settings, endpoints: [source] } }), {
    live: [],
    tell: () => undefined,
    tellShortage: () => undefined,
    tellResolver: () => undefined,
    resolve: () => Promise.resolve(addresses),
  });
  const notices = new Notices(pool, () => undefined);
  onTestFinished(async () => {
    await Promise.all([watch.close(), notices.close()]);
  });
  watch.followers.add(notices.follow);
  notices.start();
  watch.start();
  const leads = (...to: string[]) => {
    addresses = to;
  };
  return { pool, leads };
}

it('end at once while an endpoint owes an answer', async () => {
  const server = new Speaker();
  server.holds = true;
  const pool = makePool({ url: `http://127.0.0.1:${await server.start()}/mcp` });
  const notices = new Notices(pool, () => undefined);
  notices.start();
  await vi.waitFor(() => expect(server.held).toHaveLength(1), bound);
  await notices.close();
}, 5000);

it('are heard where a name leads, when it leads elsewhere', async () => {
  const [first, second] = [new Speaker(), new Speaker()];
  const port = await first.start();
  await second.start('127.0.0.2', port);
  const { pool, leads } = listenAtName(port);
  await vi.waitFor(() => expect(first.streams.size).toBe(1), bound);
  leads('127.0.0.1', '127.0.0.2');
  await vi.waitFor(() => expect(second.streams.size).toBe(1), bound);
  const [gone] = pool.endpoints;
  leads('127.0.0.2');
  await vi.waitFor(() => expect(gone?.leftAt).toBeDefined(), bound);
  expect(first.streams.size).toBe(1);
  // It goes as soon as it is known to be dead.
  if (gone !== undefined) gone.unhealthy = true;
  await vi.waitFor(() => expect(first.streams.size).toBe(0), bound);
  expect(second.streams.size).toBe(1);
}, 30_000);

it('end their session, as checks do theirs, where an address has gone that still answers', async () => {
  const server = await GatedUpstream.start();
  onTestFinished(() => server.close());
  const { pool, leads } = listenAtName(Number(new URL(server.url).port), { era: 'legacy' });
  const count = (method: string) => server.messages.filter((message) => message.method === method).length;
  await vi.waitFor(() => expect([server.streams.length, count('ping')]).toEqual([1, 2]), bound);
  const [gone] = pool.endpoints;
  leads('127.0.0.2');
  await vi.waitFor(() => expect(gone?.leftAt).toBeDefined(), bound);
  // It has left long ago, and nobody needs it.
  if (gone !== undefined) gone.leftAt = Number.NEGATIVE_INFINITY;
  const ended = () => server.requests.filter(({ method }) => method === 'DELETE');
  await vi.waitFor(() => expect(ended()).toHaveLength(2), bound);
  expect(new Set(ended().map(({ headers }) => headers['mcp-session-id'])).size).toBe(2);
  expect(count('initialize')).toBe(2);
}, 30_000);

it('ask a server that ends its streams at once less and less often, until one lasts', async () => {
  const server = new Speaker();
  server.endsStreams = true;
  const pool = makePool({ url: `http://127.0.0.1:${await server.start()}/mcp` });
  const clock = new HandClock();
  let told = 0;
  const notices = new Notices(pool, () => told++, clock);
  onTestFinished(() => notices.close());
  notices.start();
  // Waits differ by a quarter to both sides.
  for (const [opened, waitMs] of [2000, 4000, 8000].entries()) {
    await vi.waitFor(() => expect([server.opened, clock.waiting]).toEqual([opened + 1, 1]), bound);
    server.endsStreams = opened < 2;
    await clock.pass(waitMs * 0.75 - 1);
    expect(clock.waiting).toBe(1);
    await clock.pass(waitMs * 0.5 + 1);
    expect(clock.waiting).toBe(0);
  }
  await vi.waitFor(() => expect(told).toBe(3), bound);
  await clock.pass(5000);
  for (const stream of server.streams) stream.destroy();
  await vi.waitFor(() => expect(clock.waiting).toBe(1), bound);
  await clock.pass(1250);
  await vi.waitFor(() => expect(server.opened).toBe(5), bound);
}, 30_000);
