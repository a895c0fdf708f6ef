// GW010: a timeout that cuts off calls which would have succeeded, or that waits far too long for ones which never do.
import { isTimeout } from '../error-types.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, time, tooFew } from '../finding.ts';
import { timeoutsOf } from '../mistimed.ts';
import { byTool } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';

export function timeouts(snapshot: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of snapshot.pools) {
    for (const [tool, sums] of byTool(pool.cells)) {
      if (sums.failures(isTimeout) === 0 || sums.forwarded >= MIN_CALLS) continue;
      verdict.abstentions.push(tooFew('GW010', `${pool.name}/${tool}`, sums.forwarded));
    }
    for (const { tool, sums, timeouts, timeoutMs, p95Ms, tooTight } of timeoutsOf(snapshot, pool)) {
      const n = sums.forwarded;
      const wanted = tooTight ? roundUp(timeoutMs * 2) : roundUp(Math.max(1000, p95Ms * 5));
      const share = timeouts / n;
      verdict.findings.push({
        id: 'GW010',
        severity: 'warn',
        subject: `${pool.name}/${tool}`,
        sentence:
          `${percent(share)} of the calls of \`${tool}\` ran into its timeout of ${time(timeoutMs)}, ` +
          (tooTight
            ? `and those that succeed take up to ${time(p95Ms)} (p95): it is too short.`
            : `though those that succeed take ${time(p95Ms)} (p95): the others hang, and wait too long for nothing.`),
        evidence: {
          window_s: figure(snapshot.windowS),
          n,
          timeouts,
          timeout_ms: timeoutMs,
          p95_ms: figure(p95Ms),
        },
        action: tooTight
          ? `Raise the timeout to ${wanted / 1000} s, or make the tool faster.`
          : `Lower the timeout to ${wanted / 1000} s, so that what hangs gives its slot back; find out why it hangs.`,
        changes: [{ at: { pool: pool.name, tool }, key: 'timeout', value: `${wanted / 1000}s` }],
        expected: tooTight
          ? 'Calls that only needed longer succeed.'
          : `What hangs holds its slot for ${wanted / 1000} s instead of ${time(timeoutMs)}.`,
        confidence: confidenceOf(n),
        prediction: tooTight
          ? { figure: 'timeout_share', value: 0, pool: pool.name, tool, client: undefined }
          : undefined,
      });
    }
  }
  return verdict;
}

/** To whole seconds. */
function roundUp(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}
