// Probes with a path of their own: only an answer that says yes is one.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { Probes } from '../../gateway/upstream/probe.ts';

it.each([
  [200, true],
  [204, true],
  [302, false],
  [304, false],
  [401, false],
  [503, false],
])('a GET that is answered %i makes a healthy endpoint: %s', async (status, healthy) => {
  const server = createServer((_req, res) => res.writeHead(status, { location: '/login' }).end()).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const loaded = parseConfig(`pools: [{ name: a, endpoints: [{ url: "${url}" }] }]`, {
    file: 'a',
    env: {},
    dir: '.',
  });
  if (!loaded.ok) throw new Error('bad configuration');
  const pool = new Pool(poolSettings(loaded.config.pools[0] as never, loaded.config.limits));
  onTestFinished(async () => {
    await pool.destroy();
    server.close();
  });
  const asked = new Probes(pool, '/health').ask(pool.endpoints[0] as never, 2000);
  if (healthy) await expect(asked).resolves.toBeUndefined();
  else await expect(asked).rejects.toThrow(`answered ${status} to GET /health`);
});
