/** The defaults that depend on other parts of the file; all others stand beside their field in `config/schema/`. */

/** The routes of a file that names none: `/mcp` with every pool, and `/NAME/mcp` for each. */
export function defaultRoutes(pools: readonly { name: string }[]) {
  const names = pools.map((pool) => pool.name);
  const prefix = names.length === 1 ? ('never' as const) : ('always' as const);
  return [
    { path: '/mcp', pools: names, prefix },
    ...names.map((name) => ({ path: `/${name}/mcp`, pools: [name], prefix: 'never' as const })),
  ];
}
