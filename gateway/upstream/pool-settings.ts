// Pool settings: what a pool is made of, from the words of the configuration.
import type { LimitsConfig, PoolConfig } from '../../config/schema.ts';
import type { PoolSettings } from './pool.ts';

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
