// Mistimed tools: those whose timeouts come of a setting that does not fit what the tool takes.
import { compileToolRules } from '../core/tool-rules.ts';
import { blame } from './blame.ts';
import type { Sums } from './calls.ts';
import { isTimeout } from './error-types.ts';
import { MIN_CALLS } from './finding.ts';
import { byTool } from './rollup.ts';
import type { PoolFigures, Snapshot } from './snapshot.ts';

const SHARE = 0.01;
const MIN_TIMEOUTS = 5;
/** Successes this near to the timeout say that it cuts off more of them; this far from it, that the rest hangs. */
const NEAR = 0.5;
const FAR = 0.2;
/** A timeout of up to a second is not too long for what hangs. */
const LONG_ENOUGH_MS = 1000;

/** A tool whose timeouts its setting explains. */
export interface Mistimed {
  readonly tool: string;
  readonly sums: Sums;
  readonly timeouts: number;
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly p95Ms: number;
  readonly tooTight: boolean;
}

/** The tools of a pool whose timeout does not fit what they take; none where one endpoint has most of the timeouts. */
export function timeoutsOf({ config }: Snapshot, pool: PoolFigures): Mistimed[] {
  if (config === undefined || blame(pool.cells, isTimeout) !== undefined) return [];
  const settings = config.pools.find(({ name }) => name === pool.name);
  const rules = compileToolRules(settings?.tools ?? []);
  return [...byTool(pool.cells)].flatMap(([tool, sums]): Mistimed[] => {
    const timeouts = sums.failures(isTimeout);
    if (sums.forwarded < MIN_CALLS || timeouts < MIN_TIMEOUTS || timeouts / sums.forwarded <= SHARE)
      return [];
    const rule = rules?.(tool);
    const timeoutMs = rule?.timeout ?? settings?.timeout ?? config.limits.timeout;
    const maxTimeoutMs = rule?.max_timeout ?? settings?.max_timeout ?? config.limits.max_timeout;
    const p95Ms = sums.answered.quantile(0.95);
    const tooTight = p95Ms > timeoutMs * NEAR;
    const tooLoose =
      sums.answered.count >= MIN_TIMEOUTS && p95Ms < timeoutMs * FAR && timeoutMs > LONG_ENOUGH_MS;
    return tooTight || tooLoose ? [{ tool, sums, timeouts, timeoutMs, maxTimeoutMs, p95Ms, tooTight }] : [];
  });
}
