// The composition root: from a configuration to one compiled handler per route, with the pools and stores behind them.
import type { Config, RouteConfig } from '../config/schema.ts';
import { adviceTool } from './advise/advice-tool.ts';
import { actAs } from './auth/act-as.ts';
import { authorize } from './auth/authorize.ts';
import type { Identity } from './auth/identity.ts';
import { buildIdentity } from './auth/identity.ts';
import type { Cache } from './cache/cache.ts';
import type { PoolRules } from './cache/rules.ts';
import { cacheStages } from './cache/stages.ts';
import { allClosed } from './core/all-closed.ts';
import type { Endpoint } from './core/endpoint.ts';
import type { Exchange } from './core/exchange.ts';
import { Failure } from './core/failure.ts';
import type { ClientPolicy } from './core/principal.ts';
import { refusal } from './core/refusal.ts';
import type { Handler } from './core/stage.ts';
import { clientPolicies, defaultPolicy } from './limits/client-policies.ts';
import { rateLimit } from './limits/rate-limit.ts';
import { responseCap } from './limits/response-cap.ts';
import { resultsResource } from './limits/results-resource.ts';
import { timeouts, timeoutsOf } from './limits/timeouts.ts';
import type { Parts } from './pipeline.ts';
import { pipeline } from './pipeline.ts';
import { poolCaches } from './pool-caches.ts';
import type { PoolParts } from './pool-parts.ts';
import { endAll, poolParts, takeLeave } from './pool-parts.ts';
import { recoverySettings } from './recovery-settings.ts';
import type { RedisConnection } from './redis/redis-connection.ts';
import { cancelledCalls } from './sessions/cancelled-calls.ts';
import { recovery } from './sessions/recovery.ts';
import type { Shared } from './shared.ts';
import type { Link } from './upstream/link.ts';
import type { Names } from './upstream/new-names.ts';

/** A running configuration. */
export interface Gateway {
  readonly config: Config;
  /** By name. */
  readonly pools: ReadonlyMap<string, PoolParts>;
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
 * are the same, and the live state of the endpoints that stay; `names` are those that were asked for before it.
 */
export function buildGateway(config: Config, shared: Shared, previous?: Gateway, names?: Names): Gateway {
  const { telemetry, sessions, places } = shared;
  shared.limitSessions(config);
  const pools = new Map(
    config.pools.map((own) => [
      own.name,
      poolParts(own, config, shared, previous?.pools.get(own.name), names),
    ]),
  );
  const policies = clientPolicies(config);
  const identity = buildIdentity(config, policies, (ok, why) =>
    telemetry.tell(ok ? 'token_keys_back' : 'token_keys_away', why),
  );
  const cache = shared.cache(config);
  const caches = poolCaches(config, cache, pools);
  const partsOf = routeParts(config, shared, { policies, identity, cacheRules: caches.rules });
  const operator = actAs({
    id: 'admin',
    binding: JSON.stringify(['operator']),
    policy: policies.get('admin'),
  });
  const handlers = new Map<string, Handler>();
  const operatorHandlers = new Map<string, Handler>();
  for (const route of config.routes) {
    const parts = partsOf(route, poolOf(route, pools));
    handlers.set(route.path, pipeline(parts));
    const tried = pipeline({ ...parts, authenticate: operator });
    operatorHandlers.set(route.path, (x) => tried(x).catch((thrown: unknown) => telemetry.rescue(x, thrown)));
  }
  // Nothing fails any more: what waits may go by the new settings.
  for (const name of sessions.dismissals.keys()) if (!pools.has(name)) sessions.dismissals.delete(name);
  for (const { pool, dismissals } of pools.values()) {
    sessions.dismissals.set(pool.name, (session, revision) => {
      const place = places.where(session);
      dismissals.dismiss(place);
      telemetry.sessionEnded(session.openedAt, revision, pool.endpoint(place.endpointId));
    });
    pool.takeOver();
  }
  for (const [name, { watch }] of pools) watch.start(previous?.pools.get(name)?.watch);
  shared.toolConcurrency.apply(config.pools);
  return {
    config,
    pools,
    cache,
    cacheRules: caches.rules,
    redis: shared.redis,
    handlers,
    operatorHandlers,
    documents: identity.documents,
    async retire(successor) {
      const unheard = caches.close();
      const left = [...pools.values()].filter(({ pool }) => successor.pools.get(pool.name)?.pool !== pool);
      const farewells = left.map(takeLeave);
      endOrphans(telemetry.live, left, successor);
      await Promise.all([unheard, ...farewells]);
      return closeLinks(
        telemetry.live,
        new Map(left.flatMap(({ pool }) => [...pool.leaving(successor.pools.get(pool.name)?.pool)])),
      );
    },
    async close() {
      await Promise.all([caches.close(), ...Array.from(pools.values(), endAll)]);
      await Promise.all(Array.from(pools.values(), ({ pool }) => pool.destroy()));
    },
  };
}

/** The pool that a route leads to; the checks of the configuration hold every route to one that there is. */
function poolOf({ path, pools: [name] }: RouteConfig, pools: ReadonlyMap<string, PoolParts>): PoolParts {
  const parts = name === undefined ? undefined : pools.get(name);
  if (parts === undefined) throw new Error(`The route ${path} leads to no pool`);
  return parts;
}

/** What the chains of all routes have in common, beside what outlives the configuration. */
interface RouteCommons {
  readonly policies: ReadonlyMap<string, ClientPolicy>;
  readonly identity: Identity;
  readonly cacheRules: ReadonlyMap<string, PoolRules>;
}

/** Prepares what all routes share; the result gives what the chain of one route to one pool is made of. */
function routeParts(
  config: Config,
  shared: Shared,
  { policies, identity, cacheRules }: RouteCommons,
): (route: RouteConfig, to: PoolParts) => Parts {
  const { limits } = config;
  const { telemetry, ended, sessions, records, places } = shared;
  const general = defaultPolicy(limits);
  const everyPolicy = [general, ...policies.values()];
  const hasRates = everyPolicy.some(({ rate }) => rate !== undefined);
  const hasToolAccess = everyPolicy.some(({ allows }) => allows !== undefined);
  const codec = shared.codec(config);
  const cache = shared.cache(config);
  const bodies = shared.bodies.meter(general, limits.all_body_memory, config.listen.max_body);
  const results = limits.keep_full_results ? shared.results : undefined;
  return ({ path }, to) => {
    const { own, pool, watch, catalogue, dismissals, ruleOf, charsOf } = to;
    const pins = own.affinity !== 'none';
    const recovers = own.session_recovery !== 'never' && pins;
    return {
      observe: telemetry.observe(pool.name),
      trace: telemetry.trace(pool.name),
      authenticate: identity.authenticate(path, pool.passesAuthorization),
      bodies,
      authorize: hasToolAccess ? authorize() : undefined,
      rateLimit: hasRates ? rateLimit(shared.buckets, general) : undefined,
      affinity: {
        path,
        pool: pool.name,
        pin: pins,
        sessionTtlMs: limits.session_ttl,
        codec,
        ended,
        live: sessions,
        sessions: general.sessions,
        records,
        places,
        recovers,
        endpoint: (id) => pool.endpoint(id),
        onEnded: telemetry.sessionEnded,
        dismiss: (place) => dismissals.dismiss(place),
        now: Date.now,
      },
      cancelledCalls: cancelledCalls(sessions, shared.concurrency.free),
      timeouts: timeouts(timeoutsOf(own, config, ruleOf)),
      concurrency: shared.concurrency.stage(general),
      fullResults: results && resultsResource(results, charsOf),
      adviceTool: config.advise.tool && shared.advice ? adviceTool(shared.advice) : undefined,
      responseCap: responseCap({
        charsOf,
        results,
        resultTtlMs: limits.result_ttl,
        maxBytes: limits.max_response,
        truncated: (x) => telemetry.countCall('mcp_gateway_truncations_total', pool.name, x),
      }),
      toolConcurrency:
        ruleOf !== undefined && own.tools.some(({ concurrency }) => concurrency !== undefined)
          ? shared.toolConcurrency.stage(pool.name, ruleOf, general)
          : undefined,
      recovery: recovers ? recovery(recoverySettings(to, config, shared)) : undefined,
      cache: cacheStages(cache, cacheRules.get(pool.name)),
      pool,
      catalogue,
      repeats: to.repeats,
      watchAttempt(x, endpoint, end) {
        telemetry.watchAttempt(x, endpoint, end instanceof Failure ? end : undefined);
        watch.attempted(endpoint, end);
      },
    };
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
  await allClosed(waiting);
  await Promise.all(Array.from(leaving.values(), (link) => link.close()));
}

/** Ends the streams of endpoints that have left, which would last for hours; their clients open them anew. */
function endOrphans(live: Iterable<Exchange>, left: readonly PoolParts[], successor: Gateway): void {
  for (const x of live) {
    const { endpoint } = x;
    if (!x.stream || endpoint === undefined) continue;
    const from = left.find(({ pool }) => pool.link(endpoint) !== undefined);
    if (from === undefined || successor.pools.get(from.pool.name)?.pool.link(endpoint) !== undefined)
      continue;
    x.cancel(refusal('draining'));
  }
}
