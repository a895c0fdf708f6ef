// Reads the state of a running gateway out of its parts, for `/admin/state` and the page.

import type { AdviceReport } from '../../advise/report.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { CacheStatus } from '../../core/exchange.ts';
import { refusals } from '../../core/refusal.ts';
import type { Gateway } from '../../gateway.ts';
import type { Shared } from '../../shared.ts';
import type { ToolFigures } from '../../telemetry/figures.ts';
import type { WindowFigures } from '../../telemetry/window.ts';
import type { Pool } from '../../upstream/pool.ts';
import { version } from '../../version.ts';
import type {
  AdminState,
  CacheView,
  CheckView,
  ClientView,
  EndpointView,
  PoolView,
  Rates,
  SessionsView,
  ToolView,
} from './state.ts';

/** Where the state is read from. */
export interface StateSources {
  current(): Gateway;
  readonly shared: Shared;
  checks(): readonly CheckView[];
  lastReloadOk(): boolean;
  clientConnections(): number;
  advice(): AdviceReport;
}

/** Decimals that a time in ms is worth. */
const PLACES = 1000;

export function readState(sources: StateSources): AdminState {
  const { shared } = sources;
  const { figures } = shared.telemetry;
  shared.telemetry.flush();
  const gateway = sources.current();
  const checks = sources.checks().map(({ name, ok, detail }) => ({ name, ok, detail: ok ? '' : detail }));
  const tools = figures.tools();
  const all = figures.all();
  return {
    time: new Date().toISOString(),
    version,
    node: process.version,
    uptime_s: Math.round(process.uptime()),
    ready: checks.every(({ ok }) => ok),
    checks,
    last_reload_ok: sources.lastReloadOk(),
    totals: { ...rates(all), curve: all.curve },
    pools: Array.from(gateway.pools.values(), ({ pool }) =>
      poolView(pool, (endpoint) => figures.endpoint(endpoint)),
    ),
    tools: tools.map(toolView),
    clients: clientViews(shared),
    cache: cacheView(tools, gateway),
    sessions: sessionsView(sources),
    advice: sources.advice(),
  };
}

function poolView(pool: Pool, figuresOf: (endpoint: Endpoint) => WindowFigures): PoolView {
  const endpoints = pool.endpoints.map(
    (endpoint): EndpointView => ({
      id: endpoint.id,
      url: endpoint.label,
      state: endpoint.state,
      why: endpoint.why ?? null,
      weight: endpoint.weight,
      in_flight: endpoint.inFlight,
      streams: endpoint.streams,
      connections: pool.connections(endpoint),
      changed_at: new Date(endpoint.changedAt).toISOString(),
      ...rates(figuresOf(endpoint)),
    }),
  );
  return { name: pool.name, available: pool.available.length, endpoints };
}

function toolView({ pool, tool, ...figures }: ToolFigures): ToolView {
  const { calls, slow, durationMs, upstreamMs, cache, curve } = figures;
  return {
    pool,
    tool,
    ...rates(figures),
    hit_ratio: hitRatio(cache),
    cache,
    slow_share: share(slow, calls),
    upstream_share: share(Math.min(upstreamMs, durationMs), durationMs),
    curve,
  };
}

function clientViews({ telemetry, concurrency }: Shared): ClientView[] {
  const inFlight = new Map<string, number>();
  for (const { stream, principal } of telemetry.live) {
    if (!stream) inFlight.set(principal.id, (inFlight.get(principal.id) ?? 0) + 1);
  }
  const queued = new Map(concurrency.depths());
  return telemetry.figures.clients().map(
    ({ client, ...figures }): ClientView => ({
      client,
      in_flight: inFlight.get(client) ?? 0,
      queued: queued.get(client) ?? 0,
      refusals: Object.fromEntries(
        Object.entries(figures.errorTypes).filter(([type]) => Object.hasOwn(refusals, type)),
      ),
      ...rates(figures),
    }),
  );
}

function cacheView(tools: readonly ToolFigures[], { cache, config, redis }: Gateway): CacheView {
  const lookups = { hit: 0, stale: 0, coalesced: 0, miss: 0, bypass: 0 };
  for (const tool of tools) {
    for (const [status, count] of Object.entries(tool.cache)) lookups[status as CacheStatus] += count;
  }
  return {
    hit_ratio: hitRatio(lookups),
    lookups,
    entries: cache.memory.size,
    bytes: cache.memory.bytes,
    max_bytes: config.cache.memory,
    evictions: cache.memory.evictions,
    redis_up: redis === undefined ? null : redis.up,
  };
}

function sessionsView({ shared, clientConnections }: StateSources): SessionsView {
  let inFlight = 0;
  let get = 0;
  let listen = 0;
  for (const { stream, inbound } of shared.telemetry.live) {
    if (!stream) inFlight++;
    else if (inbound.method === 'GET') get++;
    else listen++;
  }
  return {
    client_connections: clientConnections(),
    in_flight: inFlight,
    held: shared.sessions.size,
    streams: { get, listen },
  };
}

function rates(figures: WindowFigures): Rates {
  const { perMinute, calls, errors, errorTypes, p50Ms, p99Ms, totalCalls, totalErrors } = figures;
  return {
    per_minute: perMinute,
    calls,
    p50_ms: rounded(p50Ms),
    p99_ms: rounded(p99Ms),
    error_share: share(errors, calls),
    errors: errorTypes,
    total_calls: totalCalls,
    total_errors: totalErrors,
  };
}

function hitRatio({ hit, stale, coalesced, miss }: Readonly<Record<CacheStatus, number>>): number | null {
  return share(hit + stale + coalesced, hit + stale + coalesced + miss);
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * PLACES) / PLACES;
}
