// The composition root: from a configuration to one compiled handler per route, with the pools and stores behind them.
import { isDeepStrictEqual } from 'node:util';
import type { Config, PoolConfig } from '../config/schema.ts';
import { adviceTool } from './advise/advice-tool.ts';
import { actAs } from './auth/act-as.ts';
import { buildIdentity } from './auth/identity.ts';
import type { Cache } from './cache/cache.ts';
import type { PoolRules } from './cache/rules.ts';
import { cacheStages } from './cache/stages.ts';
import type { Endpoint } from './core/endpoint.ts';
import type { Exchange } from './core/exchange.ts';
import { Failure } from './core/failure.ts';
import { refusal } from './core/refusal.ts';
import type { Handler } from './core/stage.ts';
import { compileToolRules } from './core/tool-rules.ts';
import { clientPolicies, defaultPolicy } from './limits/client-policies.ts';
import { rateLimit } from './limits/rate-limit.ts';
import { responseCap, responseChars } from './limits/response-cap.ts';
import { resultsResource } from './limits/results-resource.ts';
import { timeouts, timeoutsOf } from './limits/timeouts.ts';
import type { Parts } from './pipeline.ts';
import { pipeline } from './pipeline.ts';
import { poolCaches } from './pool-caches.ts';
import { recoverySettings } from './recovery-settings.ts';
import type { RedisConnection } from './redis/redis-connection.ts';
import { recovery } from './sessions/recovery.ts';
import type { Shared } from './shared.ts';
import { Catalogue } from './upstream/catalogue.ts';
import { Dismissals } from './upstream/dismissals.ts';
import type { Link } from './upstream/link.ts';
import { Pool } from './upstream/pool.ts';
import { poolSettings } from './upstream/pool-settings.ts';
import { PoolWatch } from './upstream/pool-watch.ts';
import type { Repeats } from './upstream/repeats.ts';
import { buildRepeats } from './upstream/repeats.ts';
import type { RetryReason } from './upstream/retry.ts';

/** A running configuration. */
export interface Gateway {
  readonly config: Config;
  readonly pools: ReadonlyMap<string, Pool>;
  /** By pool name. */
  readonly watches: ReadonlyMap<string, PoolWatch>;
  /** By pool name. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  /** By pool name. */
  readonly dismissals: ReadonlyMap<string, Dismissals>;
  readonly cache: Cache;
  /** By pool, of those that keep anything. */
  readonly cacheRules: ReadonlyMap<string, PoolRules>;
  /** Undefined where none is configured. */
  readonly redis: RedisConnection | undefined;
  /** By path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** The same chains for an operator, who has been let in elsewhere and calls as the client `admin`; by path. */
  readonly operatorHandlers: ReadonlyMap<string, Handler>;
  /** Documents that anybody may read, as JSON text by path. */
  readonly documents: ReadonlyMap<string, string>;
  /** Lets go of what `successor` has not taken over, once the exchanges that need it are through. */
  retire(successor: Gateway): Promise<void>;
  /** Closes the sockets to the upstreams; what is still in flight breaks. */
  close(): Promise<void>;
}

/**
 * Builds the gateway of a configuration; nothing is listening yet. Of `previous` it takes over the pools whose settings
 * are the same, and the live state of the endpoints that stay.
 */
export function buildGateway(config: Config, shared: Shared, previous?: Gateway): Gateway {
  const { telemetry, ended, sessions } = shared;
  shared.limitSessions(config);
  const pools = new Map<string, Pool>();
  const watches = new Map<string, PoolWatch>();
  const catalogues = new Map<string, Catalogue>();
  const repeats = new Map<string, Repeats>();
  const dismissals = new Map<string, Dismissals>();
  const retried = telemetry.instruments.counter('mcp_gateway_retries_total');
  for (const poolConfig of config.pools) {
    const { name } = poolConfig;
    const settings = poolSettings(poolConfig, config.limits);
    const before = previous?.pools.get(name);
    const kept = before !== undefined && isDeepStrictEqual(before.settings, settings);
    const pool = kept ? before : new Pool(settings, { previous: before });
    const known = previous?.catalogues.get(name);
    pools.set(name, pool);
    const watch = kept ? previous?.watches.get(name) : undefined;
    watches.set(
      name,
      watch ??
        new PoolWatch(pool, {
          live: telemetry.live,
          tell: telemetry.tellEndpoint,
          tellShortage: telemetry.shortages.tell,
          tellResolver: (ok, host, why) =>
            telemetry.tell(ok, ok ? 'dns_back' : 'dns_away', `${host}: ${why}`),
        }),
    );
    const catalogue = kept && known !== undefined ? known : new Catalogue(pool, known?.tools);
    catalogues.set(name, catalogue);
    const count = (reason: RetryReason) => retried.series({ pool: name, reason }).add();
    repeats.set(name, buildRepeats(poolConfig, catalogue, count));
    const dismissing = new Dismissals(pool, previous?.dismissals.get(name), before);
    dismissals.set(name, dismissing);
    sessions.dismissals.set(name, (session) => dismissing.dismiss(shared.places.where(session)));
  }
  const codec = shared.codec(config);
  const general = defaultPolicy(config.limits);
  const policies = clientPolicies(config);
  const identity = buildIdentity(config, policies, (ok, why) =>
    telemetry.tell(ok, ok ? 'token_keys_back' : 'token_keys_away', why),
  );
  const hasRates = [general, ...policies.values()].some(({ rate }) => rate !== undefined);
  const cache = shared.cache(config);
  const caches = poolCaches(config, cache, pools, catalogues);
  const bodies = shared.bodies.meter(general, config.limits.all_body_memory, config.listen.max_body);
  const handlers = new Map<string, Handler>();
  const operatorHandlers = new Map<string, Handler>();
  const operator = actAs({
    id: 'admin',
    binding: JSON.stringify(['operator']),
    policy: policies.get('admin'),
  });
  for (const route of config.routes) {
    const pool = pools.get(route.pools[0] as string) as Pool;
    const own = config.pools.find(({ name }) => name === pool.name) as PoolConfig;
    const catalogue = catalogues.get(pool.name) as Catalogue;
    const watch = watches.get(pool.name) as PoolWatch;
    const recovers = own.session_recovery !== 'never' && own.affinity !== 'none';
    const ruleOf = compileToolRules(own.tools);
    const charsOf = responseChars(own, config.limits, ruleOf);
    const parts: Parts = {
      observe: telemetry.observe(pool.name),
      trace: telemetry.trace(pool.name),
      authenticate: identity.authenticate(route.path, pool.passesAuthorization),
      bodies,
      hasToolAccess: [...policies.values()].some(({ allows }) => allows !== undefined),
      rateLimit: hasRates ? rateLimit(shared.buckets, general) : undefined,
      affinity: {
        path: route.path,
        pool: pool.name,
        pin: own.affinity !== 'none',
        sessionTtlMs: config.limits.session_ttl,
        codec,
        ended,
        live: sessions,
        sessions: general.sessions,
        records: shared.records,
        places: shared.places,
        recovers,
        endpoint: (id) => pool.endpoint(id),
        onEnded: telemetry.sessionEnded,
        now: Date.now,
      },
      timeouts: timeouts(timeoutsOf(own, config, ruleOf)),
      concurrency: shared.concurrency.stage(general),
      results: config.limits.keep_full_results ? resultsResource(shared.results, charsOf) : undefined,
      adviceTool: config.advise.tool && shared.advice ? adviceTool(shared.advice) : undefined,
      responseCap: responseCap({
        charsOf,
        results: config.limits.keep_full_results ? shared.results : undefined,
        resultTtlMs: config.limits.result_ttl,
        maxBytes: config.limits.max_response,
        truncated: (x) => telemetry.countCall('mcp_gateway_truncations_total', pool.name, x),
      }),
      toolConcurrency:
        ruleOf !== undefined && own.tools.some(({ concurrency }) => concurrency !== undefined)
          ? shared.toolConcurrency.stage(pool.name, ruleOf, general)
          : undefined,
      recovery: recovers
        ? recovery(
            recoverySettings(own, config, pool, catalogue, dismissals.get(pool.name) as Dismissals, shared),
          )
        : undefined,
      cache: cacheStages(cache, caches.rules.get(pool.name)),
      pool,
      catalogue,
      repeats: repeats.get(pool.name) as Repeats,
      watchAttempt(x, endpoint, end) {
        telemetry.watchAttempt(x, endpoint, end instanceof Failure ? end : undefined);
        watch.attempted(endpoint, end);
      },
    };
    handlers.set(route.path, pipeline(parts));
    const tried = pipeline({ ...parts, authenticate: operator });
    operatorHandlers.set(route.path, (x) => tried(x).catch((thrown: unknown) => telemetry.rescue(x, thrown)));
  }
  // Nothing fails any more: what waits may go by the new settings.
  for (const pool of pools.values()) pool.takeOver();
  shared.toolConcurrency.apply(config.pools);
  return {
    config,
    pools,
    watches,
    catalogues,
    dismissals,
    cache,
    cacheRules: caches.rules,
    redis: shared.redis,
    handlers,
    operatorHandlers,
    documents: identity.documents,
    async retire(successor) {
      await caches.close();
      const left = [...pools.values()].filter((pool) => successor.pools.get(pool.name) !== pool);
      if (left.length === 0) return;
      // The successor's checks go on from what these have found.
      const unwatched = left.map((pool) => (watches.get(pool.name) as PoolWatch).close());
      endOrphans(telemetry.live, left, successor);
      await Promise.all(unwatched);
      return closeLinks(
        telemetry.live,
        new Map(left.flatMap((pool) => [...pool.leaving(successor.pools.get(pool.name))])),
      );
    },
    async close() {
      await caches.close();
      await Promise.all([...watches.values()].map((watch) => watch.close()));
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

/**
 * Closes sockets once no call will be sent over them; the requests on them finish. It holds nothing but the sockets, for
 * streams may last for hours and reloads come in the meantime.
 */
async function closeLinks(live: Iterable<Exchange>, leaving: ReadonlyMap<Endpoint, Link>): Promise<void> {
  if (leaving.size === 0) return;
  // An exchange in a queue may go anywhere. A stream is not sent again.
  const waiting = [...live].filter(
    ({ stream, endpoint }) => !stream && (endpoint === undefined || leaving.has(endpoint)),
  );
  await Promise.all(waiting.map((x) => new Promise<void>((resolve) => x.defer(() => resolve()))));
  await Promise.all(Array.from(leaving.values(), (link) => link.close()));
}

/** Ends the streams of endpoints that have left, which would last for hours; their clients open them anew. */
function endOrphans(live: Iterable<Exchange>, left: readonly Pool[], successor: Gateway): void {
  for (const x of live) {
    const { endpoint } = x;
    if (!x.stream || endpoint === undefined) continue;
    const pool = left.find((one) => one.link(endpoint) !== undefined);
    if (pool === undefined || successor.pools.get(pool.name)?.link(endpoint) !== undefined) continue;
    x.cancel(refusal('draining'));
  }
}
