// Writes the pools and routes of a test's configuration.

/** A pool for each name, of these endpoints' URLs and with these settings, at the route `/NAME/mcp`. */
export function pools(
  urls: Record<string, readonly string[]>,
  settings: Record<string, unknown> = {},
): { pools: unknown[]; routes: unknown[] } {
  return {
    pools: Object.entries(urls).map(([name, endpoints]) => ({
      name,
      endpoints: endpoints.map((url) => ({ url })),
      ...settings,
    })),
    routes: Object.keys(urls).map((name) => ({ path: `/${name}/mcp`, pools: [name], prefix: 'never' })),
  };
}
