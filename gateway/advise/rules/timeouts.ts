// GW010: a timeout that cuts off calls which would have succeeded, or that waits far too long for ones which never do.
import { formatDuration } from '../../../config/units.ts';
import { isTimeout } from '../error-types.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, time, tooFew } from '../finding.ts';
import { timeoutsOf } from '../mistimed.ts';
import { byTool } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';
import { toolChanges } from '../tool-changes.ts';

export function timeouts(snapshot: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of snapshot.pools) {
    for (const [tool, sums] of byTool(pool.cells)) {
      if (sums.failures(isTimeout) === 0 || sums.forwarded >= MIN_CALLS) continue;
      verdict.abstentions.push(tooFew('GW010', `${pool.name}/${tool}`, sums.forwarded));
    }
    for (const { tool, sums, timeouts, timeoutMs, maxTimeoutMs, p95Ms, tooTight } of timeoutsOf(
      snapshot,
      pool,
    )) {
      const n = sums.forwarded;
      const wantedMs = tooTight ? roundUp(timeoutMs * 2) : Math.max(1000, roundUp(p95Ms * 4));
      const wanted = formatDuration(wantedMs);
      // A call may take no longer than max_timeout, whatever its timeout.
      const capped = wantedMs > maxTimeoutMs;
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
          ? `Raise the timeout to ${time(wantedMs)}${capped ? ', and max_timeout with it' : ''}, or make the tool faster.`
          : `Lower the timeout to ${time(wantedMs)}, so that what hangs gives its slot back; find out why it hangs.`,
        changes: toolChanges(snapshot.config, pool.name, tool, {
          timeout: wanted,
          ...(capped && { max_timeout: wanted }),
        }),
        expected: tooTight
          ? 'Calls that only needed longer succeed.'
          : `What hangs holds its slot for ${time(wantedMs)} instead of ${time(timeoutMs)}.`,
        confidence: confidenceOf(n),
        prediction: tooTight
          ? { figure: 'timeout_share', value: 0, pool: pool.name, tool, client: undefined }
          : undefined,
      });
    }
  }
  return verdict;
}

/** To tenths of a second, and to whole ones where those say enough. */
function roundUp(ms: number): number {
  const step = ms < 10_000 ? 100 : 1000;
  return Math.ceil(ms / step) * step;
}
