// Pool rules: the cache's view of a pool, compiled from its configuration.
import { hash } from 'node:crypto';
import type { Config, PoolConfig, ToolRule } from '../../config/schema.ts';
import { compileToolRules } from '../core/tool-rules.ts';
import type { CacheRule, PoolRules } from './rules.ts';

type ToolCache = NonNullable<ToolRule['cache']>;
type ListCache = NonNullable<PoolConfig['cache']['lists']>;

/** Believed at most of what a server states, in ms; clients of the SDK stop there too. */
const MAX_STATED_MS = 24 * 3600_000;

/** Says whether a tool calls itself read-only and closed to the world. */
export type ReadOnly = (tool: string) => boolean;

/** Compiles the rules of a pool; undefined where nothing of it is ever kept or purged. */
export function poolRules(
  pool: PoolConfig,
  config: Config,
  readOnly: ReadOnly,
  listKept: () => void,
): PoolRules | undefined {
  const { stated, lists, read_only_tools: annotated } = pool.cache;
  const hasTools = pool.tools.some(({ cache, invalidates }) => cache !== undefined || invalidates.length > 0);
  if (!stated && lists === undefined && annotated === undefined && !hasTools) return undefined;
  const largest = config.cache.max_entry;
  const ruleOf = compileToolRules(pool.tools) ?? (() => undefined);
  const compiled = new Map(pool.tools.map((rule) => [rule, rule.cache && toolRule(rule.cache, largest)]));
  const annotatedRule = annotated && toolRule(annotated, largest);
  return {
    pool: pool.name,
    generation: hash('sha256', JSON.stringify(pool), 'base64url'),
    tool: (name) => {
      const rule = ruleOf(name);
      if (rule !== undefined && rule.cache === undefined && rule.invalidates.length > 0) return undefined;
      const own = rule && compiled.get(rule);
      return own ?? (annotatedRule !== undefined && readOnly(name) ? annotatedRule : undefined);
    },
    stated: stated ? statedRule(largest) : undefined,
    lists: lists && listRule(lists, largest),
    purges: pool.tools.some(({ invalidates }) => invalidates.length > 0),
    invalidates: (name) => {
      const tags = ruleOf(name)?.invalidates;
      return tags === undefined || tags.length === 0 ? undefined : tags;
    },
    clientControl: pool.cache.client_control,
    sharesPublic: pool.cache.trust_scope || (config.auth.mode === 'none' && config.clients.length === 0),
    forwardedHeaders: pool.forward_headers.map((name) => name.toLowerCase()),
    listKept,
    refreshTimeoutMs: pool.timeout ?? config.limits.timeout,
  };
}

function lifetimes(cache: ToolCache | ListCache, largest: number) {
  return {
    ttlMs: cache.ttl,
    staleWhileRevalidateMs: cache.stale_while_revalidate,
    staleIfErrorMs: cache.stale_if_error,
    tags: cache.tags,
    maxEntryBytes: cache.max_entry ?? largest,
  };
}

const PATH = 'arguments.';

function toolRule(cache: ToolCache, largest: number): CacheRule {
  const paths = cache.vary_on.filter((name) => name.startsWith(PATH));
  const headers = cache.vary_on.filter((name) => !name.startsWith(PATH));
  return {
    ...lifetimes(cache, largest),
    scope: cache.scope,
    stated: false,
    varyHeaders: headers.map((name) => name.toLowerCase()),
    varyPaths: paths.map((name) => name.slice(PATH.length).split('.')),
  };
}

function listRule(cache: ListCache, largest: number): CacheRule {
  return { ...lifetimes(cache, largest), scope: cache.scope, stated: false, varyHeaders: [], varyPaths: [] };
}

function statedRule(largest: number): CacheRule {
  return {
    ttlMs: MAX_STATED_MS,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    scope: 'stated',
    stated: true,
    tags: [],
    varyHeaders: [],
    varyPaths: [],
    maxEntryBytes: largest,
  };
}
