// The panels of the shipped dashboards: what they ask, once, for Grafana and Datadog alike.

/** One line, or family of lines, of a panel. */
export interface Target {
  /** PromQL with Grafana's variables. */
  readonly expr: string;
  readonly legend: string;
  /** The same in Datadog's language, over the metrics that its Agent or OTLP intake takes in. */
  readonly datadog?: string;
}

export interface Panel {
  readonly title: string;
  /** What it tells and when to worry, for the panel's information sign. */
  readonly description: string;
  /** Grafana's unit id. */
  readonly unit: 'reqps' | 's' | 'percentunit' | 'short' | 'bytes' | 'ops' | 'bool';
  readonly targets: readonly Target[];
  /** A line that the panel draws: the guide's goal. */
  readonly goal?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const from = 'job=~"$job",instance=~"$instance"';
const pool = `${from},pool=~"$pool"`;
const rate = '[$__rate_interval]';
const server = 'mcp_server_operation_duration_seconds';
const client = 'mcp_client_operation_duration_seconds';
const tools = `${from},gen_ai_tool_name=~"$tool"`;

/** A quantile of a histogram by some labels. */
function quantile(q: number, by: string, name: string, selector: string): string {
  return `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${name}_bucket{${selector}}${rate})))`;
}

export const rows: readonly Row[] = [
  {
    title: 'Rate',
    panels: [
      {
        title: 'Requests by method',
        description: 'Requests and notifications of clients, cached answers and refusals included.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (mcp_method_name) (rate(${server}_count{${from}}${rate}))`,
            legend: '{{mcp_method_name}}',
            datadog: 'sum:mcp.server.operation.duration.count{*} by {mcp.method.name}.as_rate()',
          },
        ],
      },
      {
        title: 'Calls by tool',
        description: 'A tool that the upstream does not list is counted as _other.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (gen_ai_tool_name) (rate(${server}_count{${tools}}${rate}))`,
            legend: '{{gen_ai_tool_name}}',
            datadog: 'sum:mcp.server.operation.duration.count{*} by {gen_ai.tool.name}.as_rate()',
          },
        ],
      },
      {
        title: 'Attempts by upstream server',
        description: 'Above the requests by the retries, below them by what the cache answers.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (server_address, server_port) (rate(${client}_count{${from}}${rate}))`,
            legend: '{{server_address}}:{{server_port}}',
            datadog: 'sum:mcp.client.operation.duration.count{*} by {server.address,server.port}.as_rate()',
          },
        ],
      },
    ],
  },
  {
    title: 'Errors',
    panels: [
      {
        title: 'Share of failed calls by tool',
        description: 'The goal is below 1 %. tool_error is the tool’s own no, often to a wrong argument.',
        unit: 'percentunit',
        goal: 0.01,
        targets: [
          {
            expr: `(sum by (gen_ai_tool_name) (rate(${server}_count{${tools},error_type!=""}${rate})) or 0 * sum by (gen_ai_tool_name) (rate(${server}_count{${tools}}${rate}))) / sum by (gen_ai_tool_name) (rate(${server}_count{${tools}}${rate}))`,
            legend: '{{gen_ai_tool_name}}',
          },
        ],
      },
      {
        title: 'Errors by type',
        description: 'A refusal’s reason, tool_error, timeout, or the JSON-RPC code.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (error_type) (rate(${server}_count{${from},error_type!=""}${rate}))`,
            legend: '{{error_type}}',
            datadog: 'sum:mcp.server.operation.duration.count{error.type:*} by {error.type}.as_rate()',
          },
        ],
      },
      {
        title: 'Failed attempts by upstream server',
        description: 'One server that stands out is a bad endpoint; all alike is the service itself.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (server_address, server_port, error_type) (rate(${client}_count{${from},error_type!=""}${rate}))`,
            legend: '{{server_address}}:{{server_port}} {{error_type}}',
            datadog:
              'sum:mcp.client.operation.duration.count{error.type:*} by {server.address,server.port,error.type}.as_rate()',
          },
        ],
      },
      {
        title: 'Refusals by reason',
        description: 'What the gateway itself answered with an error.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (reason) (rate(mcp_gateway_refusals_total{${from}}${rate}))`,
            legend: '{{reason}}',
            datadog: 'sum:mcp.gateway.refusals{*} by {reason}.as_rate()',
          },
        ],
      },
    ],
  },
  {
    title: 'Duration',
    panels: [
      {
        title: 'p99 by tool',
        description: 'The goal is below 2 s, which is a boundary of the buckets: above or below is exact.',
        unit: 's',
        goal: 2,
        targets: [
          {
            expr: quantile(0.99, 'gen_ai_tool_name', server, tools),
            legend: '{{gen_ai_tool_name}}',
            datadog: 'p99:mcp.server.operation.duration{*} by {gen_ai.tool.name}',
          },
        ],
      },
      {
        title: 'p50 by tool',
        description: 'The goal is below 0.5 s.',
        unit: 's',
        goal: 0.5,
        targets: [
          {
            expr: quantile(0.5, 'gen_ai_tool_name', server, tools),
            legend: '{{gen_ai_tool_name}}',
            datadog: 'p50:mcp.server.operation.duration{*} by {gen_ai.tool.name}',
          },
        ],
      },
      {
        title: 'p99 by upstream server',
        description: 'Of single attempts; one server above the others is the outlier.',
        unit: 's',
        targets: [
          {
            expr: quantile(0.99, 'server_address, server_port', client, from),
            legend: '{{server_address}}:{{server_port}}',
            datadog: 'p99:mcp.client.operation.duration{*} by {server.address,server.port}',
          },
        ],
      },
      {
        title: 'Share of calls over 2 s by tool',
        description: 'Which tool makes the p99: the one with the largest share here and many calls.',
        unit: 'percentunit',
        targets: [
          {
            expr: `1 - sum by (gen_ai_tool_name) (rate(${server}_bucket{${tools},le="2"}${rate})) / sum by (gen_ai_tool_name) (rate(${server}_count{${tools}}${rate}))`,
            legend: '{{gen_ai_tool_name}}',
          },
        ],
      },
      {
        title: 'Time in the gateway',
        description: 'What a forwarded request spent here and not with an upstream, queueing included.',
        unit: 's',
        targets: [
          { expr: quantile(0.5, '', 'mcp_gateway_overhead_seconds', from), legend: 'p50' },
          {
            expr: quantile(0.99, '', 'mcp_gateway_overhead_seconds', from),
            legend: 'p99',
            datadog: 'p99:mcp.gateway.overhead{*}',
          },
        ],
      },
    ],
  },
  {
    title: 'Pools',
    panels: [
      {
        title: 'Endpoints that take calls',
        description: 'Of each pool; zero means that its calls are refused with no_endpoint.',
        unit: 'short',
        targets: [
          {
            expr: `sum by (pool) (mcp_gateway_endpoint_up{${pool}})`,
            legend: '{{pool}}',
            datadog: 'sum:mcp.gateway.endpoint_up{*} by {pool}',
          },
          {
            expr: `sum by (pool) (mcp_gateway_endpoint_ejected{${pool}})`,
            legend: '{{pool}} ejected',
            datadog: 'sum:mcp.gateway.endpoint_ejected{*} by {pool}',
          },
        ],
      },
      {
        title: 'In flight by endpoint',
        description: 'Requests that an endpoint is working on.',
        unit: 'short',
        targets: [
          {
            expr: `sum by (pool, endpoint) (mcp_gateway_endpoint_in_flight{${pool}})`,
            legend: '{{pool}} {{endpoint}}',
            datadog: 'sum:mcp.gateway.endpoint_in_flight{*} by {pool,endpoint}',
          },
        ],
      },
      {
        title: 'Sockets to endpoints',
        description: 'Requests that wait for a socket (pending) mean that a pool is full.',
        unit: 'short',
        targets: [
          {
            expr: `sum by (pool, state) (mcp_gateway_connections{${pool}})`,
            legend: '{{pool}} {{state}}',
            datadog: 'sum:mcp.gateway.connections{*} by {pool,state}',
          },
        ],
      },
      {
        title: 'Retries by reason',
        description: 'Attempts beyond the first; bounded by the retry budget.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (pool, reason) (rate(mcp_gateway_retries_total{${pool}}${rate}))`,
            legend: '{{pool}} {{reason}}',
            datadog: 'sum:mcp.gateway.retries{*} by {pool,reason}.as_rate()',
          },
        ],
      },
    ],
  },
  {
    title: 'Clients',
    panels: [
      {
        title: 'In flight by client',
        description: 'Requests accepted and not yet answered.',
        unit: 'short',
        targets: [
          {
            expr: `sum by (client) (mcp_gateway_in_flight{${from}}) or sum by (job) (0 * mcp_gateway_build_info{${from}})`,
            legend: '{{client}}',
            datadog: 'sum:mcp.gateway.in_flight{*} by {client}',
          },
        ],
      },
      {
        title: 'Queued by client',
        description: 'A client that always queues needs more slots, or fewer calls at once.',
        unit: 'short',
        targets: [
          {
            expr: `sum by (client) (mcp_gateway_queue_depth{${from}}) or sum by (job) (0 * mcp_gateway_build_info{${from}})`,
            legend: '{{client}}',
            datadog: 'sum:mcp.gateway.queue_depth{*} by {client}',
          },
        ],
      },
      {
        title: 'Wait in the queue, p95',
        description: 'Above 100 ms clients notice.',
        unit: 's',
        goal: 0.1,
        targets: [
          {
            expr: quantile(0.95, '', 'mcp_gateway_queue_wait_seconds', from),
            legend: 'p95',
            datadog: 'p95:mcp.gateway.queue_wait{*}',
          },
        ],
      },
      {
        title: 'Connections and streams',
        description: 'Sockets that clients hold open, and the long-lived streams among them.',
        unit: 'short',
        targets: [
          {
            expr: `sum (mcp_gateway_client_connections{${from}})`,
            legend: 'connections',
            datadog: 'sum:mcp.gateway.client_connections{*}',
          },
          {
            expr: `sum by (kind) (mcp_gateway_streams{${from}})`,
            legend: '{{kind}} streams',
            datadog: 'sum:mcp.gateway.streams{*} by {kind}',
          },
        ],
      },
    ],
  },
  {
    title: 'Cache',
    panels: [
      {
        title: 'Look-ups by outcome',
        description: 'Of calls that a cache rule applies to.',
        unit: 'reqps',
        targets: [
          {
            expr: `sum by (result) (rate(mcp_gateway_cache_lookups_total{${pool}}${rate}))`,
            legend: '{{result}}',
            datadog: 'sum:mcp.gateway.cache.lookups{*} by {result}.as_rate()',
          },
        ],
      },
      {
        title: 'Hit ratio by tool',
        description: 'Answered without a call of their own: hits, stale answers and coalesced calls.',
        unit: 'percentunit',
        targets: [
          {
            expr: `(sum by (mcp_method_name, tool) (rate(mcp_gateway_cache_lookups_total{${pool},tool=~"$tool",result=~"hit|stale|coalesced"}${rate})) or 0 * sum by (mcp_method_name, tool) (rate(mcp_gateway_cache_lookups_total{${pool},tool=~"$tool"}${rate}))) / sum by (mcp_method_name, tool) (rate(mcp_gateway_cache_lookups_total{${pool},tool=~"$tool"}${rate}))`,
            legend: '{{mcp_method_name}} {{tool}}',
          },
        ],
      },
      {
        title: 'Memory of the cache',
        description: 'Evictions at a steady rate mean that cache.memory is too small for what is asked.',
        unit: 'bytes',
        targets: [
          {
            expr: `sum (mcp_gateway_cache_bytes{${from}})`,
            legend: 'bytes',
            datadog: 'sum:mcp.gateway.cache{*}',
          },
        ],
      },
      {
        title: 'Evictions',
        description: 'Entries that had to make room.',
        unit: 'ops',
        targets: [
          {
            expr: `sum (rate(mcp_gateway_cache_evictions_total{${from}}${rate}))`,
            legend: 'evictions',
            datadog: 'sum:mcp.gateway.cache.evictions{*}.as_rate()',
          },
        ],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'CPU',
        description: 'Of one core, by instance; the goal is below 70 %.',
        unit: 'percentunit',
        goal: 0.7,
        targets: [
          {
            expr: `rate(process_cpu_seconds_total{${from}}${rate})`,
            legend: '{{instance}}',
            datadog: 'sum:process.cpu{*}.as_rate()',
          },
        ],
      },
      {
        title: 'Memory',
        description: 'Resident memory; steady growth with steady load is a leak.',
        unit: 'bytes',
        targets: [
          {
            expr: `process_resident_memory_bytes{${from}}`,
            legend: '{{instance}}',
            datadog: 'avg:process.resident_memory{*}',
          },
        ],
      },
      {
        title: 'Event loop',
        description: 'Busy share, which saturates before the host’s CPU does, and the lateness of timers.',
        unit: 'percentunit',
        goal: 0.7,
        targets: [
          {
            expr: `nodejs_eventloop_utilization_ratio{${from}}`,
            legend: '{{instance}} busy',
            datadog: 'avg:nodejs.eventloop.utilization{*}',
          },
        ],
      },
      {
        title: 'Event loop delay, p99',
        description: 'How late timers fire; above 100 ms everything waits.',
        unit: 's',
        targets: [
          {
            expr: `nodejs_eventloop_delay_p99_seconds{${from}}`,
            legend: '{{instance}}',
            datadog: 'avg:nodejs.eventloop.delay.p99{*}',
          },
        ],
      },
      {
        title: 'State',
        description:
          '1 is good: the last reload; Redis, where there is one. Dropped log lines should be none.',
        unit: 'short',
        targets: [
          {
            expr: `mcp_gateway_config_last_reload_successful{${from}}`,
            legend: '{{instance}} reload',
            datadog: 'min:mcp.gateway.config_last_reload_successful{*}',
          },
          {
            expr: `mcp_gateway_redis_up{${from}}`,
            legend: '{{instance}} Redis',
            datadog: 'min:mcp.gateway.redis_up{*}',
          },
          {
            expr: `rate(mcp_gateway_log_lines_dropped_total{${from}}${rate})`,
            legend: '{{instance}} dropped log lines',
          },
        ],
      },
    ],
  },
];
