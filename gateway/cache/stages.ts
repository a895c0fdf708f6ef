// The stages of a pool's cache: none where it keeps nothing, and no purging where no tool purges.
import type { Stage } from '../core/stage.ts';
import type { Cache } from './cache.ts';
import { ghostStage } from './ghost-stage.ts';
import { invalidate } from './invalidate.ts';
import type { PoolRules } from './rules.ts';
import { serve } from './serve.ts';

/** In the order in which an exchange passes them; `rules` is undefined for a pool of which nothing is kept. */
export function cacheStages(cache: Cache, rules: PoolRules | undefined): Stage[] {
  if (rules === undefined) return [];
  const stages = [serve(cache, rules), ghostStage(cache.ghost, rules)];
  return rules.purges ? [invalidate(cache, rules), ...stages] : stages;
}
