// Probes with a path of their own: only an answer that says yes is one.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import type { PoolConfig } from '../../config/schema.ts';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { Probes } from '../../gateway/upstream/probe.ts';

/** Asks `/health` of a server that answers with what `statusFor` says, as a pool that sends a header of its own. */
async function ask(statusFor: (request: IncomingMessage) => number): Promise<void> {
  const server = createServer((request, response) =>
    response.writeHead(statusFor(request), { location: '/login' }).end(),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const text = `pools: [{ name: a, endpoints: [{ url: "${url}" }], headers: { Authorization: Bearer t } }]`;
  const loaded = parseConfig(text, { file: 'a', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error('bad configuration');
  const pool = new Pool(poolSettings(loaded.config.pools[0] as PoolConfig, loaded.config.limits));
  onTestFinished(async () => {
    await pool.destroy();
    server.close();
  });
  await new Probes(pool, '/health').ask(pool.endpoints[0] as Endpoint, 2000);
}

it.each([
  [200, true],
  [204, true],
  [302, false],
  [304, false],
  [401, false],
  [503, false],
])('a GET that is answered %i makes a healthy endpoint: %s', async (status, healthy) => {
  const asked = ask(() => status);
  if (healthy) await expect(asked).resolves.toBeUndefined();
  else await expect(asked).rejects.toThrow(`answered ${status} to GET /health`);
});

it('a GET carries the headers of the pool', async () => {
  const wantsCredential = ({ url, headers }: IncomingMessage) =>
    url === '/health' && headers.authorization === 'Bearer t' ? 200 : 401;
  await expect(ask(wantsCredential)).resolves.toBeUndefined();
});
