// Blame: whether the failures of a pool come from one of its endpoints.
import { isServerFailure } from './error-types.ts';
import { rollUp } from './rollup.ts';
import type { Cell } from './snapshot.ts';

const MIN_FAILURES = 5;
/** An endpoint is to blame when it has this share of the failures, and fails this many times as often as the others. */
const BLAME_SHARE = 0.6;
const BLAME_TIMES = 3;

/** The endpoint that most failures come from; `without`: the error ratio of the others. */
export function blame(
  cells: readonly Cell[],
  counts: (type: string) => boolean = isServerFailure,
): { endpoint: string; share: number; without: number } | undefined {
  const endpoints = Array.from(
    rollUp(
      cells.filter(({ endpoint }) => endpoint !== ''),
      ({ endpoint }) => endpoint,
    ),
    ([endpoint, sums]) => ({ endpoint, calls: sums.calls, failures: sums.failures(counts) }),
  ).toSorted((a, b) => b.failures - a.failures);
  const [worst, ...others] = endpoints;
  if (worst === undefined || others.length === 0 || worst.failures < MIN_FAILURES) return undefined;
  const failures = others.reduce((sum, one) => sum + one.failures, 0);
  const calls = others.reduce((sum, one) => sum + one.calls, 0);
  const without = failures / Math.max(1, calls);
  const share = worst.failures / (worst.failures + failures);
  if (share < BLAME_SHARE || worst.failures / worst.calls < without * BLAME_TIMES) return undefined;
  return { endpoint: worst.endpoint, share, without };
}
