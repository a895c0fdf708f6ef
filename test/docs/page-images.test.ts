// Makes the README's pictures of the page, from real traffic through a gateway in front of the demo servers.
// They are written with DOCS_IMAGES=1, which also lets the traffic go on long enough to be worth a look.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDemo } from '../../demo/launch.ts';
import { TABLES } from '../../demo/tables.ts';
import { encodeMirrored } from '../../gateway/mcp/headers.ts';
import type { View } from '../support/browser.ts';
import { hasBrowser, openPage, startBrowser } from '../support/browser.ts';
import { rawCall } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const writes = process.env['DOCS_IMAGES'] === '1';
const TRAFFIC_MS = writes ? 300_000 : 2000;
const folder = join(import.meta.dirname, '../../docs/images');

const pictures: readonly (View & { readonly name: string })[] = [
  { name: 'page-light', width: 1280, height: 1000, scheme: 'light' },
  { name: 'page-dark', width: 1280, height: 1000, scheme: 'dark' },
  { name: 'page-phone', width: 390, height: 844, scheme: 'light' },
];

const tables = [...TABLES.keys()];
const calls: readonly (readonly [weight: number, tool: string, args: () => Record<string, unknown>])[] = [
  [40, 'search_docs', () => ({ query: pick(['orders', 'returns', 'lamps', 'stock']) })],
  [25, 'get_table_schema', () => ({ table: pick(tables) })],
  [20, 'run_query', () => ({ table: pick(tables), limit: 5 })],
  [3, 'flaky', () => ({})],
  [3, 'big_export', () => ({})],
  [2, 'slow_report', () => ({})],
];
const clients = ['agents', 'ci', 'claude-code', 'cursor'];

function pick<T>(among: readonly T[]): T {
  return among[Math.floor(Math.random() * among.length)] as T;
}

/** Each call as often as its weight says. */
const deck = calls.flatMap((one) => Array.from({ length: one[0] }, () => one));

function nextCall() {
  const [, tool, args] = pick(deck);
  return modernRequest('tools/call', { name: tool, arguments: args() });
}

/** Calls as a day's traffic comes, on a shorter clock: never even, and each client in its own way. */
async function traffic(gateway: TestGateway, until: number): Promise<void> {
  const under = new Set<Promise<unknown>>();
  const begun = performance.now();
  while (performance.now() < until) {
    const { body, headers } = nextCall();
    const client = clients[Math.floor(Math.random() ** 1.7 * clients.length)] as string;
    const tool = encodeMirrored(headers['mcp-name'] ?? '');
    const one = rawCall(gateway.url, body, { ...headers, 'mcp-name': tool, 'x-api-key': `key-of-${client}` });
    under.add(one);
    void one.catch(() => undefined).finally(() => under.delete(one));
    const wave =
      Math.sin((performance.now() - begun) / 17_000) + Math.sin((performance.now() - begun) / 5_300);
    await pause(60 + 25 * wave + Math.random() * 60);
  }
  await Promise.allSettled(under);
}

async function start(): Promise<TestGateway> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const script = 'stateless-server.ts';
  const demo = await startDemo(ports.map((port, i) => ({ script, port, name: `search-${i + 1}` })));
  onTestFinished(() => demo.stop());
  const gateway = await startGateway({
    clients: clients.map((id) => ({ id, api_key: `key-of-${id}`, ...(id === 'ci' && { concurrency: 2 }) })),
    limits: { queue: { size: 1, timeout: '1s' } },
    pools: [
      {
        name: 'shop',
        endpoints: ports.map((port) => ({ url: `http://127.0.0.1:${port}/mcp` })),
        tools: [{ match: 'get_table_schema', cache: { ttl: '20s', scope: 'public' } }],
      },
    ],
    routes: [{ path: '/mcp', pools: ['shop'] }],
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe.skipIf(!hasBrowser)('the pictures of the page', () => {
  it('show real traffic', { timeout: TRAFFIC_MS + 60_000 }, async () => {
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const gateway = await start();
    const until = performance.now() + TRAFFIC_MS;
    const driven = traffic(gateway, until);
    await pause(TRAFFIC_MS * 0.85);
    for (const { name, ...view } of pictures) {
      const { page } = await openPage(browser, gateway.adminUrl, view);
      await page.locator('#tools tbody tr').first().waitFor();
      const picture = await page.screenshot();
      expect(picture.byteLength).toBeGreaterThan(10_000);
      if (writes) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `${name}.png`), picture);
      }
      await page.context().close();
    }
    await driven;
  });
});
