// GW007: more than one call in a hundred fails, by kind of error, and by endpoint where one stands out.

import { blame } from '../blame.ts';
import type { Sums } from '../calls.ts';
import { isServerFailure, nameOf } from '../error-types.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, tooFew } from '../finding.ts';
import { timeoutsOf } from '../mistimed.ts';
import { rollUp, total } from '../rollup.ts';
import type { Cell, Snapshot } from '../snapshot.ts';

const RATIO = 0.01;
const BAD_RATIO = 0.05;
const MIN_FAILURES = 5;

export function errors(snapshot: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  for (const pool of snapshot.pools) {
    const sums = total(pool.cells);
    const n = sums.calls - sums.failures((type) => !isServerFailure(type));
    if (n < MIN_CALLS) {
      if (n > 0) verdict.abstentions.push(tooFew('GW007', pool.name, n));
      continue;
    }
    // Timeouts that a wrong setting explains have a rule of their own.
    const mistimed = timeoutsOf(snapshot, pool).reduce((sum, { timeouts }) => sum + timeouts, 0);
    const failures = sums.failures(isServerFailure) - mistimed;
    if (failures < MIN_FAILURES || failures / n <= RATIO) continue;
    const [type, count] = commonest(sums);
    const blamed = blame(pool.cells);
    const tool = commonestTool(pool.cells);
    const where = blamed === undefined ? `\`${tool.name}\` has ${percent(tool.share)}` : '';
    verdict.findings.push({
      id: 'GW007',
      severity: failures / n > BAD_RATIO ? 'error' : 'warn',
      subject: blamed === undefined ? pool.name : `${pool.name} ${blamed.endpoint}`,
      sentence:
        `${percent(failures / n)} of the calls to pool ${pool.name} fail; ` +
        (blamed === undefined
          ? `${where} of the failures, `
          : `${percent(blamed.share)} of the failures are at ${blamed.endpoint}, `) +
        `most are ${nameOf(type)}.`,
      evidence: {
        window_s: figure(snapshot.windowS),
        n,
        failures,
        error_ratio: figure(failures / n),
        error_type: type,
        of_that_type: count,
        tool: tool.name,
        ...(blamed !== undefined && { endpoint: blamed.endpoint, endpoint_share: figure(blamed.share) }),
      },
      action:
        blamed === undefined
          ? type === 'tool_error'
            ? 'Read what the tool says in its results; the gateway passed them on as they were.'
            : "Look at the servers' own logs; all endpoints are alike in this."
          : `Take it out with \`mcp-gateway drain ${blamed.endpoint}\`, restart it, and put it back.`,
      changes: [],
      expected:
        blamed === undefined
          ? 'Fewer than 1 % of the calls fail.'
          : `Without this endpoint ${percent(blamed.without)} of the calls would fail.`,
      confidence: confidenceOf(n),
      prediction: undefined,
    });
  }
  return verdict;
}

function commonest(sums: Sums): [type: string, count: number] {
  const types = [...sums.errors].filter(([type]) => isServerFailure(type));
  return types.toSorted(([, a], [, b]) => b - a)[0] ?? ['', 0];
}

function commonestTool(cells: readonly Cell[]): { name: string; share: number } {
  const tools = Array.from(
    rollUp(cells, ({ tool }) => tool),
    ([name, sums]) => ({
      name,
      failures: sums.failures(isServerFailure),
    }),
  ).toSorted((a, b) => b.failures - a.failures);
  const all = tools.reduce((sum, { failures }) => sum + failures, 0);
  return { name: tools[0]?.name ?? '', share: (tools[0]?.failures ?? 0) / all };
}
