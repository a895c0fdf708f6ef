// Pool settings: what a pool is made of, from the words of the configuration.
import type { LimitsConfig, PoolConfig } from '../../config/schema.ts';
import type { BalancerName } from '../balance/balancer.ts';
import type { HealthSettings } from '../health/pool-health.ts';
import type { DnsEndpoint, UrlEndpoint } from './endpoint-list.ts';
import type { SocketSettings } from './link.ts';

export interface PoolSettings {
  readonly name: string;
  readonly endpoints: readonly (UrlEndpoint | DnsEndpoint)[];
  /** Whether the servers are of the stateless era; undefined where they are to be asked. */
  readonly stateless: boolean | undefined;
  readonly balance: BalancerName;
  readonly affinity: 'session' | 'client' | 'none';
  readonly sockets: SocketSettings;
  /** Calls that each endpoint has at once; 0: as many as come. */
  readonly maxInFlight: number;
  /** How long a call waits for an endpoint that has room, in ms, unless its client's policy says otherwise. */
  readonly queueTimeoutMs: number;
  /** `path`: asked with a plain GET instead of in MCP. */
  readonly health: HealthSettings & { readonly path: string | undefined };
  /** Sent upstream with each request, as name, value, name, value. */
  readonly headers: readonly string[];
  /** Lower-case names of client headers that may cross. */
  readonly forwardHeaders: ReadonlySet<string>;
}

/** Whether the servers are stateless, by the word of the file for it. */
const statelessOf = { auto: undefined, legacy: false, modern: true } as const;

/** The settings of a pool; equal settings mean that nothing of it needs to change. */
export function poolSettings(pool: PoolConfig, limits: LimitsConfig): PoolSettings {
  const { health, outlier, tls } = pool;
  return {
    name: pool.name,
    endpoints: pool.endpoints.map((endpoint) => {
      if ('url' in endpoint) return { url: endpoint.url, weight: endpoint.weight };
      const { dns, port, path, weight, refresh: refreshMs } = endpoint;
      return { dns, protocol: pool.tls === undefined ? 'http:' : 'https:', port, path, weight, refreshMs };
    }),
    stateless: statelessOf[pool.era],
    balance: pool.balance,
    affinity: pool.affinity,
    sockets: {
      connections: pool.connections,
      keepAliveMs: pool.keep_alive,
      connectTimeoutMs: pool.connect_timeout,
      maxResponseBytes: limits.max_response,
      tls: { ca: tls?.ca, cert: tls?.cert, key: tls?.key, serverName: tls?.server_name },
    },
    maxInFlight: pool.max_in_flight,
    queueTimeoutMs: limits.queue.timeout,
    health: {
      path: health.path,
      checks: {
        intervalMs: health.interval,
        timeoutMs: health.timeout,
        unhealthyAfter: health.unhealthy_after,
        healthyAfter: health.healthy_after,
      },
      outlier: {
        consecutiveFailures: outlier.consecutive_failures,
        ejectionMs: outlier.ejection,
        maxEjectedPercent: outlier.max_ejected_percent,
      },
    },
    headers: Object.entries(pool.headers).flat(),
    forwardHeaders: new Set(pool.forward_headers.map((name) => name.toLowerCase())),
  };
}
