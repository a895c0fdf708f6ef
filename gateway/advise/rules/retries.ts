// GW009: retries that multiply the load on servers that are in trouble, or hide an endpoint that fails.
import type { Change } from '../change.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, tooFew } from '../finding.ts';
import { total } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';

/** Attempts beyond the first, as a share of the calls. */
const EXTRA = 0.1;
/** From this share on, trying again did not help. */
const IN_VAIN = 0.5;

export function retries({ pools, config, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of pools) {
    const sums = total(pool.cells);
    const { forwarded: n, attempts, retried, retriedInVain } = sums;
    if (n < MIN_CALLS) {
      if (n > 0) verdict.abstentions.push(tooFew('GW009', pool.name, n));
      continue;
    }
    const extra = (attempts - n) / n;
    if (extra <= EXTRA) continue;
    const inVain = retriedInVain / retried;
    const settings = config?.pools.find(({ name }) => name === pool.name);
    const amplifies = inVain >= IN_VAIN;
    const changes: Change[] =
      amplifies && settings !== undefined
        ? [{ at: { pool: pool.name }, key: 'retry', value: { ...settings.retry, attempts: 1 } }]
        : [];
    verdict.findings.push({
      id: 'GW009',
      severity: 'warn',
      subject: pool.name,
      sentence:
        `${percent(retried / n)} of the calls to pool ${pool.name} were tried again, which makes ` +
        `${percent(extra)} more work for its servers; ${percent(inVain)} of those calls failed all the same.`,
      evidence: {
        window_s: figure(windowS),
        n,
        retried,
        attempts_per_call: figure(attempts / n),
        in_vain_share: figure(inVain),
      },
      action: amplifies
        ? 'Stop retrying until the servers are well: it only adds to their load.'
        : 'Retries hide an endpoint that fails: find it on the page or in mcp_client_operation_duration_seconds.',
      changes,
      expected: amplifies ? 'One attempt for each call.' : 'Calls that succeed at the first attempt.',
      confidence: confidenceOf(n),
      prediction: amplifies
        ? { figure: 'attempts_per_call', value: 1, pool: pool.name, tool: undefined, client: undefined }
        : undefined,
    });
  }
  return verdict;
}
