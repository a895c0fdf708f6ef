// Control over the admin listener: what changes a running gateway; POST only, behind the admin guard.
import { Hono } from 'hono';
import type { PurgeRequest } from '../cache/purge-names.ts';
import { purgeNames } from '../cache/purge-names.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Gateway } from '../gateway.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Pool } from '../upstream/pool.ts';
import { logLevelApp } from './log-level.ts';
import type { ReloadOutcome } from './reload.ts';

/** What can be controlled. */
export interface ControlService {
  current(): Gateway;
  reload(): Promise<ReloadOutcome>;
  readonly logger: Logger;
}

/** The routes below `/admin`. */
export function controlApp({ current, reload, logger }: ControlService): Hono {
  const app = new Hono();
  app.route('/log-level', logLevelApp(logger));
  app.post('/reload', async (c) => {
    const outcome = await reload();
    if (!outcome.ok) return c.json({ ok: false, problems: outcome.problems }, 422);
    return c.json({ ok: true, changed: outcome.changed, need_restart: outcome.needRestart });
  });
  app.post('/purge', async (c) => {
    const asked = await readPurge(c.req.raw);
    const { cache, cacheRules, pools } = current();
    const names =
      asked === undefined
        ? 'the body is to be a JSON object with all, tag, pool, tool or arguments'
        : purgeNames(asked, new Set(pools.keys()), cacheRules);
    if (typeof names === 'string') return c.json({ error: names }, 400);
    cache.purge(names);
    logger.log({ event: 'cache_purged', names: names.join(' ') });
    return c.json({ purged: names });
  });
  app.post('/endpoints/:pool/:endpoint/:verb{drain|undrain}', (c) => {
    const { pool: name, endpoint: wanted, verb } = c.req.param();
    const pool = current().pools.get(name)?.pool;
    if (pool === undefined) return c.json({ error: `there is no pool ${name}` }, 404);
    const endpoint = pool.endpoints.find((one) => one.url === wanted || one.id === wanted);
    if (endpoint === undefined) return c.json({ error: `pool ${name} has no endpoint ${wanted}` }, 404);
    setDraining(pool, endpoint, verb === 'drain');
    const event = verb === 'drain' ? 'endpoint_drain' : 'endpoint_undrain';
    logger.log({ event, pool: name, endpoint: endpoint.label });
    const { state, inFlight, streams } = endpoint;
    return c.json({ pool: name, endpoint: endpoint.label, state, in_flight: inFlight, streams });
  });
  return app;
}

/** The body of a purge; `arguments` may be an object or its JSON text. */
async function readPurge(request: Request): Promise<PurgeRequest | undefined> {
  const body: unknown = await request.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) return undefined;
  const { all, tag, pool, tool, arguments: args } = body as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const json = args === undefined || typeof args === 'string' ? args : JSON.stringify(args);
  return { all: all === true, tag: text(tag), pool: text(pool), tool: text(tool), arguments: json };
}

/** No new sessions and no unpinned calls for a draining endpoint; sessions that it holds go on. */
function setDraining(pool: Pool, endpoint: Endpoint, draining: boolean): void {
  endpoint.draining = draining;
  pool.refresh();
}
