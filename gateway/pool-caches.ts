// The caches of the pools: each pool's rules, and the ear that hears when what it keeps has changed.
import type { Config } from '../config/schema.ts';
import type { Cache } from './cache/cache.ts';
import { poolRules } from './cache/pool-rules.ts';
import type { PoolRules } from './cache/rules.ts';
import { changedBy, listMethods } from './cache/rules.ts';
import { tagOf } from './cache/tags.ts';
import { Method } from './mcp/methods.ts';
import type { PoolParts } from './pool-parts.ts';
import { Notices } from './upstream/notices.ts';

/** By pool, of those that keep anything. */
export interface PoolCaches {
  readonly rules: ReadonlyMap<string, PoolRules>;
  /** Listens no more. */
  close(): Promise<void>;
}

/** Compiles the rules of all pools; a pool is listened to from the first list that is kept of it. */
export function poolCaches(config: Config, cache: Cache, pools: ReadonlyMap<string, PoolParts>): PoolCaches {
  const rules = new Map<string, PoolRules>();
  const closings: (() => Promise<void>)[] = [];
  for (const { own, pool, watch, catalogue } of pools.values()) {
    const { name } = pool;
    const ear = new Notices(pool, (notice) => {
      const methods = notice === undefined ? listMethods : changedBy(notice);
      if (methods === undefined) return;
      cache.purge(methods.map((method) => tagOf.method(name, method)));
      if (methods.includes(Method.toolsList)) catalogue.outdate();
    });
    watch.followers.add(ear.follow);
    closings.push(() => {
      watch.followers.delete(ear.follow);
      return ear.close();
    });
    const listKept = () => {
      cache.listed.add(name);
      ear.start();
    };
    // What was said since the ears before a reload were closed is lost, and the lists from before are still served.
    if (cache.listed.has(name)) ear.resume();
    const isReadOnly = (tool: string) => catalogue.isReadOnly(tool);
    const compiled = poolRules(own, config, isReadOnly, listKept);
    if (compiled !== undefined) rules.set(name, compiled);
  }
  return {
    rules,
    async close() {
      await Promise.all(closings.map((close) => close()));
    },
  };
}
