// GW008: an endpoint that is much slower than its fellows at the same tools.
import type { Change } from '../change.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, time } from '../finding.ts';
import { MIN_ANSWERS, slowEndpoints } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';

export function slowEndpoint({ pools, config, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of pools) {
    const endpoints = new Set(pool.cells.map(({ endpoint }) => endpoint).filter((name) => name !== ''));
    if (endpoints.size < 2) continue;
    const answers = [...endpoints].map((name) =>
      pool.cells.reduce((sum, { endpoint, sums }) => sum + (endpoint === name ? sums.answered.count : 0), 0),
    );
    const fewest = Math.min(...answers);
    if (fewest < MIN_ANSWERS) {
      const sentence = `need ${MIN_ANSWERS} answers of each endpoint, have ${fewest} of one`;
      verdict.abstentions.push({ id: 'GW008', subject: pool.name, sentence });
    }
    const balance = config?.pools.find(({ name }) => name === pool.name)?.balance;
    for (const { endpoint, n, p50Ms, othersP50Ms } of slowEndpoints(pool)) {
      const changes: Change[] =
        balance === undefined || balance === 'peak_ewma'
          ? []
          : [{ at: { pool: pool.name }, key: 'balance', value: 'peak_ewma' }];
      verdict.findings.push({
        id: 'GW008',
        severity: 'warn',
        subject: `${pool.name} ${endpoint}`,
        sentence:
          `${endpoint} takes ${time(p50Ms)} where the other endpoints of pool ${pool.name} ` +
          `take ${time(othersP50Ms)} for the same tool (medians): ${Math.round(p50Ms / othersP50Ms)} times as long.`,
        evidence: {
          window_s: figure(windowS),
          n,
          p50_ms: figure(p50Ms),
          others_p50_ms: figure(othersP50Ms),
        },
        action:
          `Look at that machine; meanwhile take it out with \`mcp-gateway drain ${endpoint}\`` +
          (changes.length > 0 ? ', or let the balancer go by latency.' : '.'),
        changes,
        expected: 'Calls go where they are answered sooner.',
        confidence: confidenceOf(n),
        prediction: undefined,
      });
    }
  }
  return verdict;
}
