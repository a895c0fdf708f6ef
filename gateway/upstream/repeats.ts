// Repeats: what a pool's configuration says about sending a request more than once.
import type { PoolConfig } from '../../config/schema.ts';
import type { Catalogue } from './catalogue.ts';
import { Hedges } from './hedge.ts';
import type { RetryReason } from './retry.ts';
import { Retries } from './retry.ts';
import { repeatable, safeTools } from './safe-tools.ts';

/** The two ways in which a request is sent more than once. */
export interface Repeats {
  readonly retries: Retries;
  /** Undefined where no rule asks a second endpoint. */
  readonly hedges: Hedges | undefined;
}

/**
 * Compiles a pool's `retry` and the rules of its tools; `count` is told of each request sent once more. What `previous`,
 * those of the pool of this name before a reload, have spent and learnt still counts.
 */
export function buildRepeats(
  pool: PoolConfig,
  catalogue: Catalogue,
  count: (reason: RetryReason) => void,
  previous: Repeats | undefined,
): Repeats {
  const isSafeTool = safeTools(pool, catalogue, repeatable);
  const { attempts, budget_percent: budgetPercent } = pool.retry;
  const hedges = pool.tools.some(({ hedge }) => hedge !== undefined)
    ? new Hedges(pool.tools, isSafeTool, () => count('hedge'), previous?.hedges)
    : undefined;
  return {
    retries: new Retries({ attempts, budgetPercent, isSafeTool, count }, previous?.retries),
    hedges,
  };
}
