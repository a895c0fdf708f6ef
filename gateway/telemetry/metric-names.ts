// Metric names: every metric of the gateway, one row each; instruments, exports and docs read this table.
import { cacheMetrics } from './cache-metric-names.ts';
import { processMetricNames } from './process-metric-names.ts';

interface MetricRow {
  /** Name in OpenTelemetry data. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** UCUM unit: `s`, `By`, `1` for a ratio; empty for what is merely counted. */
  readonly unit: '' | 's' | 'By' | '1';
  readonly help: string;
  /** Attributes as OpenTelemetry spells them; Prometheus has `_` where they have `.`. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, inclusive. */
  readonly buckets?: readonly number[];
}

/** The boundaries that the conventions give for MCP durations, in seconds (OpenTelemetry semantic conventions, MCP). */
const operationBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

/** The gateway's own share is far below a millisecond, where those boundaries tell nothing. */
const overheadBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const;

const operationLabels = [
  'mcp.method.name',
  'gen_ai.operation.name',
  'gen_ai.tool.name',
  'gen_ai.prompt.name',
  'error.type',
  'rpc.response.status_code',
  'mcp.protocol.version',
  'network.protocol.name',
  'network.protocol.version',
  'network.transport',
] as const;

const sessionLabels = [
  'mcp.protocol.version',
  'network.protocol.name',
  'network.protocol.version',
  'network.transport',
] as const;

/** By name on /metrics, which is what dashboards and alerts say. */
export const metrics = {
  mcp_server_operation_duration_seconds: {
    name: 'mcp.server.operation.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time from a client request or notification to the last byte of its answer.',
    labels: operationLabels,
    buckets: operationBuckets,
  },
  mcp_client_operation_duration_seconds: {
    name: 'mcp.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Time of one attempt at an upstream endpoint, to the last byte of its answer.',
    labels: [...operationLabels, 'server.address', 'server.port'],
    buckets: operationBuckets,
  },
  mcp_server_session_duration_seconds: {
    name: 'mcp.server.session.duration',
    kind: 'histogram',
    unit: 's',
    help: 'How long sessions lasted that clients or the gateway have ended.',
    labels: sessionLabels,
    buckets: operationBuckets,
  },
  mcp_client_session_duration_seconds: {
    name: 'mcp.client.session.duration',
    kind: 'histogram',
    unit: 's',
    help: 'How long sessions with upstream endpoints lasted that clients or the gateway have ended.',
    labels: [...sessionLabels, 'server.address', 'server.port'],
    buckets: operationBuckets,
  },
  mcp_gateway_overhead_seconds: {
    name: 'mcp.gateway.overhead',
    kind: 'histogram',
    unit: 's',
    help: 'Time that a forwarded request spent in the gateway and not with an upstream, queueing included.',
    labels: [],
    buckets: overheadBuckets,
  },
  mcp_gateway_refusals_total: {
    name: 'mcp.gateway.refusals',
    kind: 'counter',
    unit: '',
    help: 'Requests that the gateway itself answered with an error.',
    labels: ['reason'],
  },
  ...cacheMetrics,
  mcp_gateway_in_flight: {
    name: 'mcp.gateway.in_flight',
    kind: 'gauge',
    unit: '',
    help: 'Requests accepted and not yet answered to the last byte, streams left out.',
    labels: ['client'],
  },
  mcp_gateway_queue_depth: {
    name: 'mcp.gateway.queue_depth',
    kind: 'gauge',
    unit: '',
    help: "Calls that wait for one of their client's slots.",
    labels: ['client'],
  },
  mcp_gateway_queue_wait_seconds: {
    name: 'mcp.gateway.queue_wait',
    kind: 'histogram',
    unit: 's',
    help: "Time that calls waited for one of their client's slots; calls that did not wait are not counted.",
    labels: [],
    buckets: overheadBuckets,
  },
  mcp_gateway_streams: {
    name: 'mcp.gateway.streams',
    kind: 'gauge',
    unit: '',
    help: 'Long-lived streams open to clients: get or listen.',
    labels: ['kind'],
  },
  mcp_gateway_truncations_total: {
    name: 'mcp.gateway.truncations',
    kind: 'counter',
    unit: '',
    help: 'Tool results that were longer than their client may get.',
    labels: ['pool', 'tool'],
  },
  mcp_gateway_client_connections: {
    name: 'mcp.gateway.client_connections',
    kind: 'gauge',
    unit: '',
    help: 'Sockets that clients hold open.',
    labels: [],
  },
  mcp_gateway_client_connections_refused_total: {
    name: 'mcp.gateway.client_connections_refused',
    kind: 'counter',
    unit: '',
    help: 'Connections refused because clients held as many as they may.',
    labels: [],
  },
  mcp_gateway_endpoint_in_flight: {
    name: 'mcp.gateway.endpoint_in_flight',
    kind: 'gauge',
    unit: '',
    help: 'Requests that an upstream endpoint is working on.',
    labels: ['pool', 'endpoint'],
  },
  mcp_gateway_endpoint_up: {
    name: 'mcp.gateway.endpoint_up',
    kind: 'gauge',
    unit: '',
    help: 'Whether an endpoint takes requests: 1 or 0.',
    labels: ['pool', 'endpoint'],
  },
  mcp_gateway_endpoint_ejected: {
    name: 'mcp.gateway.endpoint_ejected',
    kind: 'gauge',
    unit: '',
    help: 'Whether an endpoint is out for a time because its own requests failed: 1 or 0.',
    labels: ['pool', 'endpoint'],
  },
  mcp_gateway_retries_total: {
    name: 'mcp.gateway.retries',
    kind: 'counter',
    unit: '',
    help: 'Requests sent once more to an upstream, by what broke the attempt before; hedge: it was only slow.',
    labels: ['pool', 'reason'],
  },
  mcp_gateway_connections: {
    name: 'mcp.gateway.connections',
    kind: 'gauge',
    unit: '',
    help: 'Sockets to an endpoint by state: connected, free or pending.',
    labels: ['pool', 'endpoint', 'state'],
  },
  mcp_gateway_sessions: {
    name: 'mcp.gateway.sessions',
    kind: 'gauge',
    unit: '',
    help: 'Sessions that this process has seen in use and that have not ended.',
    labels: ['pool'],
  },
  mcp_gateway_sessions_ended_total: {
    name: 'mcp.gateway.sessions_ended',
    kind: 'counter',
    unit: '',
    help: 'Sessions that the gateway has ended, by why: idle (unused for session_idle) or limit (beyond sessions).',
    labels: ['pool', 'reason'],
  },
  mcp_gateway_session_recoveries_total: {
    name: 'mcp.gateway.session_recoveries',
    kind: 'counter',
    unit: '',
    help: 'Sessions whose upstream was gone, by what came of it: recovered, adopted, refused or failed.',
    labels: ['pool', 'result'],
  },
  mcp_gateway_config_last_reload_successful: {
    name: 'mcp.gateway.config_last_reload_successful',
    kind: 'gauge',
    unit: '',
    help: 'Whether the last reading of the configuration file was put to use: 1 or 0.',
    labels: [],
  },
  mcp_gateway_advice: {
    name: 'mcp.gateway.advice',
    kind: 'gauge',
    unit: '',
    help: 'Findings of the advice by rule (GW001 to GW013) and severity: info, warn or error.',
    labels: ['rule', 'severity'],
  },
  mcp_gateway_log_lines_dropped_total: {
    name: 'mcp.gateway.log_lines_dropped',
    kind: 'counter',
    unit: '',
    help: 'Log lines thrown away because standard output was not read fast enough.',
    labels: [],
  },
  ...processMetricNames,
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metrics;

type NameOf<Kind> = { [N in MetricName]: (typeof metrics)[N]['kind'] extends Kind ? N : never }[MetricName];

export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;

/** The word that Prometheus names carry for a unit; undefined for none. */
export function unitWord(unit: string): string | undefined {
  if (unit === 's') return 'seconds';
  if (unit === 'By') return 'bytes';
  return unit === '1' ? 'ratio' : undefined;
}
