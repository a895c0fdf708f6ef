// The tools that an operator can try: those of routes that lead to one pool, under the tools' own names.
import type { Config } from '../../../config/schema.ts';
import type { Gateway } from '../../gateway.ts';

/** A tool that the form can call, by a route that leads to it. */
export interface CallableTool {
  readonly path: string;
  readonly pool: string;
  readonly tool: string;
}

/** Tools that are offered. */
const MAX_TOOLS = 1000;

export function callableTools({ config, pools }: Gateway): CallableTool[] {
  const byPool = new Map<string, CallableTool[]>();
  for (const { path } of config.routes) {
    const pool = directPool(config, path);
    if (pool === undefined || byPool.has(pool)) continue;
    const names = [...(pools.get(pool)?.catalogue.tools.keys() ?? [])];
    byPool.set(
      pool,
      names.map((tool) => ({ path, pool, tool })),
    );
  }
  return [...byPool.values()].flat().slice(0, MAX_TOOLS);
}

/** The pool that a route leads to under its tools' own names. */
export function directPool({ routes }: Config, path: string): string | undefined {
  const route = routes.find((one) => one.path === path);
  return route?.pools.length === 1 && route.prefix !== 'always' ? route.pools[0] : undefined;
}
