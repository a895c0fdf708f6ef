// Purge: what an operator asks to have purged, as the names under which entries lie.
import { canonicalJson } from '../mcp/canonical-json.ts';
import { purgeNameOf } from './cache.ts';
import { chosenArguments, whatOfTool } from './key.ts';
import type { PoolRules } from './rules.ts';
import { tagOf } from './tags.ts';

/** Exactly one of `all`, `tag`, and `pool` or `tool` or both; `arguments` (JSON text) narrows a tool down to one question. */
export interface PurgeRequest {
  readonly all?: boolean | undefined;
  readonly tag?: string | undefined;
  readonly pool?: string | undefined;
  readonly tool?: string | undefined;
  readonly arguments?: string | undefined;
}

/** The names to purge; a text says what is wrong with the request. `rules`: by pool, those that keep anything. */
export function purgeNames(
  request: PurgeRequest,
  pools: ReadonlySet<string>,
  rules: ReadonlyMap<string, PoolRules>,
): readonly string[] | string {
  const { all, tag, pool, tool, arguments: args } = request;
  const targets = [all === true, tag !== undefined, pool !== undefined || tool !== undefined].filter(Boolean);
  if (targets.length !== 1) return 'say what to purge: all, or a tag, or a pool or a tool of it';
  if (args !== undefined && tool === undefined) return 'arguments go with a tool';
  if (pool !== undefined && !pools.has(pool)) return `there is no pool ${pool}`;
  if (all === true) return [tagOf.all()];
  if (tag !== undefined) return [tagOf.named(tag)];
  if (tool === undefined) return [tagOf.pool(pool as string)];
  if (args === undefined) return [pool === undefined ? tagOf.tool(tool) : tagOf.poolTool(pool, tool)];
  const asked = [...rules.values()].filter((one) => pool === undefined || one.pool === pool);
  const names = asked.map((one) => questionName(one, tool, args));
  return names.includes(undefined) ? 'arguments must be a JSON object' : (names as string[]);
}

function questionName(rules: PoolRules, tool: string, args: string): string | undefined {
  const paths = rules.tool(tool)?.varyPaths ?? [];
  try {
    const canonical = canonicalJson(Buffer.from(args));
    if (canonical === undefined) return undefined;
    return purgeNameOf(whatOfTool(rules, tool, chosenArguments(canonical, paths)));
  } catch {
    return undefined;
  }
}
