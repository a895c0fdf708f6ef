// The caches of the pools: what servers say of changed lists reaches all that goes by them.
import { expect, it, onTestFinished, vi } from 'vitest';
import type { PoolConfig } from '../config/schema.ts';
import { configSchema } from '../config/schema.ts';
import { tagOf } from '../gateway/cache/tags.ts';
import type { PoolCaches } from '../gateway/pool-caches.ts';
import { poolCaches } from '../gateway/pool-caches.ts';
import { poolParts } from '../gateway/pool-parts.ts';
import { Shared } from '../gateway/shared.ts';
import { Logger } from '../gateway/telemetry/logger.ts';
import { Telemetry } from '../gateway/telemetry/telemetry.ts';
import { Catalogue } from '../gateway/upstream/catalogue.ts';
import { GatedUpstream } from './support/gated-upstream.ts';

const bound = { timeout: 10_000, interval: 5 };

/** A pool with its catalogue, as asked for at the moment 0; `listen` builds its caches, `pass` moves the catalogue's clock. */
async function start() {
  const upstream = await GatedUpstream.start();
  const logger = new Logger({ level: 'silent', format: 'json' });
  const shared = new Shared(new Telemetry({ logger, version: '0', knowsTool: () => false }), undefined);
  const config = configSchema.parse({ pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }] });
  const parts = poolParts(config.pools[0] as PoolConfig, config, shared, undefined);
  let now = 0;
  const catalogue = new Catalogue(parts.pool, undefined, () => now);
  const cache = shared.cache(config);
  const built: PoolCaches[] = [];
  onTestFinished(async () => {
    await Promise.all(built.map((caches) => caches.close()));
    await parts.pool.destroy();
    await upstream.close();
    shared.close();
  });
  await catalogue.refresh();
  return {
    upstream,
    cache,
    names: () => [...catalogue.tools.keys()],
    listen() {
      const caches = poolCaches(config, cache, new Map([['p', { ...parts, catalogue }]]));
      built.push(caches);
      return caches;
    },
    pass(ms: number) {
      now += ms;
    },
  };
}

it('a server that says that its tools have changed is asked for them', async () => {
  const { upstream, names, listen, pass } = await start();
  listen().rules.get('p')?.listKept();
  await vi.waitFor(() => expect(upstream.streams).toHaveLength(1), bound);
  pass(10_000);
  upstream.tools = [{ name: 'other' }];
  upstream.notify('notifications/prompts/list_changed');
  upstream.notify('notifications/tools/list_changed');
  await vi.waitFor(() => expect(names()).toEqual(['other']), bound);
});

it('what a server may have said while a reload was under way is asked for, and no list from before is served', async () => {
  const { upstream, cache, names, listen, pass } = await start();
  const before = listen();
  before.rules.get('p')?.listKept();
  await vi.waitFor(() => expect(upstream.streams).toHaveLength(1), bound);
  const kept = cache.tags.validity([tagOf.method('p', 'tools/list')], cache.tags.now);
  await before.close();
  pass(10_000);
  upstream.tools = [{ name: 'other' }];
  expect(kept?.stands).toBe(true);
  listen();
  await vi.waitFor(() => expect(names()).toEqual(['other']), bound);
  expect(kept?.stands).toBe(false);
});
