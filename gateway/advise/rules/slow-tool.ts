// GW001: a tool whose p99 is over 2 s because its upstream takes that long.
import { SLOW_MS } from '../../core/slow-calls.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, time, tooFew } from '../finding.ts';
import { byTool, withoutSlowEndpoints } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';
import { toolChanges } from '../tool-changes.ts';

/** More than this share over 2 s puts p99 over 2 s. */
const SHARE = 0.01;
/** A few slow calls may be chance. */
const MIN_SLOW = 5;
const BAD_SHARE = 0.1;
/** How much more than the tool's mean use the bulkhead lets through. */
const ROOM = 1.5;

export function slowTool({ pools, config, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of pools) {
    const tools = byTool(withoutSlowEndpoints(pool));
    const allSlow = [...tools.values()].reduce((sum, { slow }) => sum + slow, 0);
    for (const [tool, sums] of tools) {
      const n = sums.answered.count;
      const subject = `${pool.name}/${tool}`;
      if (n < MIN_CALLS) {
        if (n > 0) verdict.abstentions.push(tooFew('GW001', subject, n));
        continue;
      }
      const share = sums.slow / n;
      const upstream = sums.slowUpstreamMs / sums.slowMs;
      // What mostly waits in the gateway is short of room, not slow.
      if (share <= SHARE || sums.slow < MIN_SLOW || upstream < 0.5) continue;
      const p99Ms = sums.answered.quantile(0.99);
      const inUse = sums.upstreamMs / 1000 / windowS;
      const concurrency = Math.max(1, Math.ceil(inUse * ROOM));
      const changes = toolChanges(config, pool.name, tool, { concurrency });
      verdict.findings.push({
        id: 'GW001',
        severity: share > BAD_SHARE ? 'error' : 'warn',
        subject,
        sentence:
          `\`${tool}\` makes ${percent(sums.slow / allSlow)} of the slow calls of pool ${pool.name}: ` +
          `${sums.slow} of its ${n} took over ${time(SLOW_MS)}, p99 ${time(p99Ms)}; ` +
          `${percent(upstream)} of that time was spent upstream.`,
        evidence: {
          window_s: figure(windowS),
          n,
          slow: sums.slow,
          slow_share: figure(share),
          p50_ms: figure(sums.answered.quantile(0.5)),
          p99_ms: figure(p99Ms),
          upstream_share: figure(upstream),
          waiting_share: figure(1 - upstream),
          in_flight: figure(inUse),
        },
        action: 'Make the tool faster, or cache it; until then keep it from taking the room of the others.',
        changes,
        expected: `No more than ${concurrency} calls of the tool at once; the other tools keep their connections.`,
        confidence: confidenceOf(n),
        prediction: undefined,
      });
    }
  }
  return verdict;
}
