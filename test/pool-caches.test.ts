// The caches of the pools: what servers say of changed lists reaches all that goes by them.
import { expect, it, onTestFinished, vi } from 'vitest';
import type { PoolConfig } from '../config/schema.ts';
import { configSchema } from '../config/schema.ts';
import { poolCaches } from '../gateway/pool-caches.ts';
import { poolParts } from '../gateway/pool-parts.ts';
import { Shared } from '../gateway/shared.ts';
import { Logger } from '../gateway/telemetry/logger.ts';
import { Telemetry } from '../gateway/telemetry/telemetry.ts';
import { Catalogue } from '../gateway/upstream/catalogue.ts';
import { GatedUpstream } from './support/gated-upstream.ts';

it('a server that says that its tools have changed is asked for them', async () => {
  const upstream = await GatedUpstream.start();
  const logger = new Logger({ level: 'silent', format: 'json' });
  const shared = new Shared(new Telemetry({ logger, version: '0', knowsTool: () => false }), undefined);
  const config = configSchema.parse({ pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }] });
  const parts = poolParts(config.pools[0] as PoolConfig, config, shared, undefined);
  let now = 0;
  const catalogue = new Catalogue(parts.pool, undefined, () => now);
  const cache = shared.cache(config);
  cache.listed.add('p');
  const caches = poolCaches(config, cache, new Map([['p', { ...parts, catalogue }]]));
  onTestFinished(async () => {
    await caches.close();
    await parts.pool.destroy();
    await upstream.close();
    shared.close();
  });
  await catalogue.refresh();
  const bound = { timeout: 10_000, interval: 5 };
  await vi.waitFor(() => expect(upstream.streams).toHaveLength(1), bound);
  now = 10_000;
  upstream.tools = [{ name: 'other' }];
  upstream.notify('notifications/prompts/list_changed');
  upstream.notify('notifications/tools/list_changed');
  await vi.waitFor(() => expect([...catalogue.tools.keys()]).toEqual(['other']), bound);
});
