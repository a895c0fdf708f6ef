// The composition root: from a configuration to one compiled handler per route, with the pools and stores behind them.
import { randomBytes } from 'node:crypto';
import type { Config, PoolConfig } from '../config/schema.ts';
import { buildIdentity } from './auth/identity.ts';
import type { Handler } from './core/stage.ts';
import { clientPolicies } from './limits/client-policies.ts';
import { pipeline } from './pipeline.ts';
import { EndedSessions } from './sessions/ended-sessions.ts';
import { SealedIds } from './sessions/sealed-id.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { Catalogue } from './upstream/catalogue.ts';
import type { PoolSettings } from './upstream/pool.ts';
import { Pool } from './upstream/pool.ts';

/** A running configuration. */
export interface Gateway {
  readonly config: Config;
  readonly pools: ReadonlyMap<string, Pool>;
  /** By pool name. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  /** By path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Documents that anybody may read, as JSON text by path. */
  readonly documents: ReadonlyMap<string, string>;
  /** Closes the sockets to the upstreams; what is still in flight breaks. */
  close(): Promise<void>;
}

/** Builds the gateway of a configuration; nothing is listening yet. */
export function buildGateway(config: Config, telemetry: Telemetry): Gateway {
  const pools = new Map(config.pools.map((pool) => [pool.name, new Pool(poolSettings(pool))]));
  const catalogues = new Map([...pools.values()].map((pool) => [pool.name, new Catalogue(pool)]));
  const keys = config.session_keys.length > 0 ? config.session_keys : [randomBytes(32).toString('base64')];
  const codec = new SealedIds(keys);
  const ended = new EndedSessions();
  const policies = clientPolicies(config);
  const identity = buildIdentity(config, policies, (ok, why) =>
    telemetry.tell(ok, ok ? 'token_keys_back' : 'token_keys_away', why),
  );
  const handlers = new Map<string, Handler>();
  for (const route of config.routes) {
    const pool = pools.get(route.pools[0] as string) as Pool;
    const own = config.pools.find(({ name }) => name === pool.name) as PoolConfig;
    const handler = pipeline({
      observe: telemetry.observe(pool.name),
      authenticate: identity.authenticate(route.path, pool.passesAuthorization),
      hasToolAccess: [...policies.values()].some(({ allows }) => allows !== undefined),
      affinity: {
        path: route.path,
        pool: pool.name,
        pin: own.affinity !== 'none',
        sessionTtlMs: config.limits.session_ttl,
        codec,
        ended,
        endpoint: (id) => pool.endpoint(id),
        now: Date.now,
      },
      timeouts: {
        timeoutMs: own.timeout ?? config.limits.timeout,
        maxTimeoutMs: own.max_timeout ?? config.limits.max_timeout,
      },
      pool,
      catalogue: catalogues.get(pool.name) as Catalogue,
      watchAttempt: telemetry.watchAttempt,
    });
    handlers.set(route.path, handler);
  }
  return {
    config,
    pools,
    catalogues,
    handlers,
    documents: identity.documents,
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

function poolSettings(pool: PoolConfig): PoolSettings {
  return {
    name: pool.name,
    endpoints: pool.endpoints.flatMap((endpoint) =>
      'url' in endpoint ? [{ url: endpoint.url, weight: endpoint.weight }] : [],
    ),
    balance: pool.balance,
    affinity: pool.affinity,
    connections: pool.connections,
    keepAliveMs: pool.keep_alive,
    connectTimeoutMs: pool.connect_timeout,
    headers: Object.entries(pool.headers).flat(),
    forwardHeaders: new Set(pool.forward_headers.map((name) => name.toLowerCase())),
  };
}
