// The plainest cache rules: one client's answers, kept for their time to live and not longer.
import type { CacheRule, PoolRules } from '../../gateway/cache/rules.ts';

/** A rule that keeps answers of up to 1 MiB for `ttlMs`. */
export function plainRule(ttlMs: number): CacheRule {
  return {
    ttlMs,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    scope: 'client',
    stated: false,
    tags: [],
    varyHeaders: [],
    varyPaths: [],
    maxEntryBytes: 1 << 20,
  };
}

/** The rules of a pool all of whose tools are kept for `ttlMs`; undefined: there is no rule for them. */
export function plainRules(ttlMs: number | undefined): PoolRules {
  const rule = ttlMs === undefined ? undefined : plainRule(ttlMs);
  return {
    pool: 'p',
    generation: 'g',
    tool: () => rule,
    stated: undefined,
    lists: undefined,
    purges: false,
    invalidates: () => undefined,
    clientControl: false,
    sharesPublic: false,
    forwardedHeaders: [],
    listKept: () => {},
    refreshTimeoutMs: 1000,
  };
}
