// Metric names of the cache and of the Redis behind it: rows of the table of metrics.

export const cacheMetrics = {
  mcp_gateway_cache_lookups_total: {
    name: 'mcp.gateway.cache.lookups',
    kind: 'counter',
    unit: '',
    help: 'Requests that a cache rule applies to, by outcome: hit, miss, stale, coalesced or bypass. Lists and reads have the tool _other and their own method.',
    labels: ['pool', 'tool', 'result', 'mcp.method.name'],
  },
  mcp_gateway_cache_bytes: {
    name: 'mcp.gateway.cache',
    kind: 'gauge',
    unit: 'By',
    help: 'Memory that cached results take in this process.',
    labels: [],
  },
  mcp_gateway_cache_evictions_total: {
    name: 'mcp.gateway.cache.evictions',
    kind: 'counter',
    unit: '',
    help: 'Cached results dropped for want of room.',
    labels: [],
  },
  mcp_gateway_cache_rejected_total: {
    name: 'mcp.gateway.cache.rejected',
    kind: 'counter',
    unit: '',
    help: 'Values from Redis that were not believed: of a foreign version, altered, or of another key.',
    labels: ['reason'],
  },
  mcp_gateway_redis_up: {
    name: 'mcp.gateway.redis.up',
    kind: 'gauge',
    unit: '',
    help: 'Whether Redis is used: 1 or 0. Absent without Redis.',
    labels: [],
  },
} as const;
