// The state of a running gateway as `/admin/state` answers it and as the page shows it.

import type { AdviceReport } from '../../advise/report.ts';
import type { EndpointState } from '../../core/endpoint.ts';
import type { CacheStatus } from '../../core/exchange.ts';

/** Figures that tools, endpoints and clients have in common. Shares are from 0 to 1; null: nothing to say it by. */
export interface Rates {
  /** Calls that ended in the last 60 s. */
  readonly per_minute: number;
  /** Calls in the last five minutes, which quantiles and shares are of. */
  readonly calls: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly error_share: number | null;
  /** Failed calls of the last five minutes by error type. */
  readonly errors: Readonly<Record<string, number>>;
  /** Since start. */
  readonly total_calls: number;
  readonly total_errors: number;
}

export interface EndpointView extends Rates {
  /** Names the endpoint in `/admin/endpoints/{pool}/{endpoint}/drain`; so does its URL. */
  readonly id: string;
  /** Without user information and query. */
  readonly url: string;
  readonly state: EndpointState;
  readonly why: string | null;
  readonly weight: number;
  readonly in_flight: number;
  readonly streams: number;
  readonly connections: { readonly connected: number; readonly free: number; readonly pending: number };
  /** ISO 8601. */
  readonly changed_at: string;
}

/** Calls by ten seconds over ten minutes, the oldest first; the last one is not over. */
export type Curve = readonly number[];

/** Of all that clients asked for. */
export interface TotalsView extends Rates {
  readonly curve: Curve;
}

export interface PoolView {
  readonly name: string;
  readonly available: number;
  readonly endpoints: readonly EndpointView[];
}

export interface ToolView extends Rates {
  readonly pool: string;
  readonly tool: string;
  /** Of the calls that a cache rule applies to, those answered without an upstream. */
  readonly hit_ratio: number | null;
  readonly cache: Readonly<Record<CacheStatus, number>>;
  /** Calls over 2 s. */
  readonly slow_share: number | null;
  /** Of the time that calls take, what is spent with upstreams. */
  readonly upstream_share: number | null;
  readonly curve: Curve;
}

export interface ClientView extends Rates {
  readonly client: string;
  readonly in_flight: number;
  readonly queued: number;
  /** Refusals of the last five minutes by reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

export interface CacheView {
  readonly hit_ratio: number | null;
  /** Of the last five minutes. */
  readonly lookups: Readonly<Record<CacheStatus, number>>;
  /** In this process's memory. */
  readonly entries: number;
  readonly bytes: number;
  readonly max_bytes: number;
  readonly evictions: number;
  /** Null without Redis. */
  readonly redis_up: boolean | null;
}

export interface SessionsView {
  readonly client_connections: number;
  readonly in_flight: number;
  /** Sessions of the older revisions in use. */
  readonly held: number;
  readonly streams: { readonly get: number; readonly listen: number };
}

export interface CheckView {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface AdminState {
  /** ISO 8601. */
  readonly time: string;
  readonly version: string;
  readonly node: string;
  readonly uptime_s: number;
  readonly ready: boolean;
  readonly checks: readonly CheckView[];
  readonly last_reload_ok: boolean;
  readonly totals: TotalsView;
  readonly pools: readonly PoolView[];
  readonly tools: readonly ToolView[];
  readonly clients: readonly ClientView[];
  readonly cache: CacheView;
  readonly sessions: SessionsView;
  readonly advice: AdviceReport;
}
