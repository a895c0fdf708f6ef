// GW013: targets of the guide that are still met, or narrowly missed, with no room left for more load.
import { isServerFailure } from '../error-types.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, time, tooFew } from '../finding.ts';
import { total, withoutSlowEndpoints } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';

/** The targets of the guide, and the share of them from which on there is no headroom. */
const P50_MS = 500;
const P99_MS = 2000;
const ERRORS = 0.01;
const NEAR = 0.8;
/** A pool that waits for this share of its time is full, which is another rule's. */
const WAITING = 0.3;
/** One in a hundred of fewer answers than this is chance. */
const MIN_FOR_TAIL = 500;

export function headroom({ pools, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of pools) {
    const { answered, ...sums } = total(withoutSlowEndpoints(pool));
    const all = total(pool.cells);
    const n = answered.count;
    if (n < MIN_CALLS) {
      if (n > 0) verdict.abstentions.push(tooFew('GW013', pool.name, n));
      continue;
    }
    const p50Ms = answered.quantile(0.5);
    const p99Ms = answered.quantile(0.99);
    const errorRatio = all.failures(isServerFailure) / all.calls;
    if (p99Ms > P99_MS || sums.waitMs > sums.durationMs * WAITING) continue;
    const near = [
      ...(p50Ms > P50_MS * NEAR ? [`p50 is ${time(p50Ms)} of ${time(P50_MS)}`] : []),
      ...(n >= MIN_FOR_TAIL && p99Ms > P99_MS * NEAR ? [`p99 is ${time(p99Ms)} of ${time(P99_MS)}`] : []),
      ...(n >= MIN_FOR_TAIL && errorRatio > ERRORS * NEAR && errorRatio <= ERRORS
        ? [`${percent(errorRatio)} of ${percent(ERRORS)} of its calls fail`]
        : []),
    ];
    if (near.length === 0) continue;
    verdict.findings.push({
      id: 'GW013',
      severity: p50Ms > P50_MS ? 'warn' : 'info',
      subject: pool.name,
      sentence: `Pool ${pool.name} has no headroom: ${near.join(', ')}.`,
      evidence: {
        window_s: figure(windowS),
        n,
        p50_ms: figure(p50Ms),
        p99_ms: figure(p99Ms),
        error_ratio: figure(errorRatio),
      },
      action: 'Plan for it now: cache what repeats, add an endpoint, or make its commonest tool faster.',
      changes: [],
      expected: 'Targets that are met on busy days too.',
      confidence: confidenceOf(n),
      prediction: undefined,
    });
  }
  return verdict;
}
