// Gauges of what a running gateway holds: endpoints, sockets, client connections; read at each scrape.
import type { Endpoint } from '../core/endpoint.ts';
import type { Gateway } from '../gateway.ts';
import type { Labels } from '../telemetry/instruments.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Pool } from '../upstream/pool.ts';

/** Has the gauges read from whatever gateway is current. */
export function registerGauges(
  telemetry: Telemetry,
  current: () => Gateway,
  clientConnections: () => number,
  refusedConnections: () => number,
): void {
  const each = (value: (endpoint: Endpoint, pool: Pool) => number) => () =>
    [...current().pools.values()].flatMap(({ pool }) =>
      pool.endpoints.map((endpoint) => [labelsOf(endpoint), value(endpoint, pool)] as const),
    );
  telemetry.gauge('mcp_gateway_client_connections', () => [[{}, clientConnections()]]);
  telemetry.instruments.read('mcp_gateway_client_connections_refused_total', () => [
    [{}, refusedConnections()],
  ]);
  telemetry.gauge(
    'mcp_gateway_endpoint_in_flight',
    each((endpoint) => endpoint.inFlight),
  );
  telemetry.gauge(
    'mcp_gateway_endpoint_up',
    each((endpoint) => (endpoint.takesCalls ? 1 : 0)),
  );
  telemetry.gauge(
    'mcp_gateway_endpoint_ejected',
    each((endpoint) => (endpoint.ejected ? 1 : 0)),
  );
  telemetry.gauge('mcp_gateway_cache_bytes', () => [[{}, current().cache.memory.bytes]]);
  telemetry.instruments.read('mcp_gateway_cache_evictions_total', () => [
    [{}, current().cache.memory.evictions],
  ]);
  telemetry.instruments.read('mcp_gateway_cache_rejected_total', () =>
    Object.entries(current().cache.shared?.rejected ?? {}).map(
      ([reason, count]) => [{ reason }, count] as const,
    ),
  );
  telemetry.gauge('mcp_gateway_redis_up', () => {
    const { redis } = current();
    return redis === undefined ? [] : [[{}, redis.up ? 1 : 0]];
  });
  telemetry.gauge('mcp_gateway_connections', () =>
    [...current().pools.values()].flatMap(({ pool }) =>
      pool.endpoints.flatMap((endpoint) =>
        Object.entries(pool.connections(endpoint)).map(
          ([state, count]) => [{ ...labelsOf(endpoint), state }, count] as const,
        ),
      ),
    ),
  );
}

function labelsOf(endpoint: Endpoint): Labels {
  return { pool: endpoint.pool, endpoint: endpoint.label };
}
