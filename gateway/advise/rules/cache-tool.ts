// GW002: a tool whose calls repeat themselves, so that a cache rule would answer many of them.
import { formatDuration } from '../../../config/units.ts';
import { compileToolRules } from '../../core/tool-rules.ts';
import type { Verdict } from '../finding.ts';
import { confidenceOf, figure, MIN_CALLS, percent, time, tooFew } from '../finding.ts';
import { byTool } from '../rollup.ts';
import type { RepeatFigures, Repeats, Snapshot } from '../snapshot.ts';
import { toolChanges } from '../tool-changes.ts';

/** Fewer hits than this are not worth the staleness. */
const WORTH = 0.2;
/** Results that must have been set side by side, and the share of them that may have differed. */
const MIN_COMPARED = 20;
const MAX_CHANGED = 0.01;
/** A longer time to live must bring this many times the hits. */
const BETTER = 1.25;

export function cacheTool({ repeats, pools, toolLists, config, windowS }: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  if (repeats === undefined) {
    const sentence = 'log lines do not say which calls had the same arguments';
    return { findings: [], abstentions: [{ id: 'GW002', subject: 'all tools', sentence }] };
  }
  const readOnly = new Map(
    toolLists?.flatMap(({ pool, tools }) => tools.map((tool) => [`${pool}/${tool.name}`, tool.readOnly])),
  );
  for (const figures of repeats) {
    const { pool, tool, lookups, compared, changed } = figures;
    const subject = `${pool}/${tool}`;
    const rules = compileToolRules(config?.pools.find(({ name }) => name === pool)?.tools ?? []);
    if (rules?.(tool)?.cache !== undefined) continue;
    if (lookups < MIN_CALLS) {
      if (lookups > 0) verdict.abstentions.push(tooFew('GW002', subject, lookups));
      continue;
    }
    const shared = sharable(figures);
    const best = chosen(figures.repeats, shared);
    if (best === undefined || best.hits / lookups < WORTH) continue;
    const why = doubts(figures, readOnly.get(subject));
    if (why !== undefined) {
      verdict.abstentions.push({ id: 'GW002', subject, sentence: why });
      continue;
    }
    const ratio = best.hits / lookups;
    const cells = pools.find(({ name }) => name === pool)?.cells ?? [];
    const sums = byTool(cells).get(tool);
    const meanMs = sums === undefined || sums.forwarded === 0 ? 0 : sums.upstreamMs / sums.forwarded;
    const ttl = formatDuration(best.ttlMs);
    verdict.findings.push({
      id: 'GW002',
      severity: 'warn',
      subject,
      sentence:
        `\`${tool}\`: ${best.hits} of ${lookups} calls repeated one of the last ${time(best.ttlMs)}; ` +
        `keeping results for ${ttl} would have answered ${percent(ratio)} of them ` +
        `and saved ${time(best.hits * meanMs)} of upstream work.`,
      evidence: {
        window_s: figure(windowS),
        n: lookups,
        repeats: best.hits,
        ttl_ms: best.ttlMs,
        compared,
        changed,
        mean_upstream_ms: figure(meanMs),
      },
      action: `Cache the tool for ${ttl}${shared ? ', shared by all clients' : ', for each client apart'}.`,
      changes: toolChanges(config, pool, tool, { cache: shared ? { ttl, scope: 'public' } : { ttl } }),
      expected: `${percent(ratio)} of the calls answered from the cache.`,
      confidence: confidenceOf(lookups),
      prediction: { figure: 'hit_ratio', value: ratio, pool, tool, client: undefined },
    });
  }
  return verdict;
}

/** Sharing is only proposed where other clients' results were seen to be the same. */
function sharable({ comparedAcross, changedAcross }: RepeatFigures): boolean {
  return comparedAcross >= MIN_COMPARED && changedAcross === 0;
}

function chosen(repeats: readonly Repeats[], shared: boolean): { ttlMs: number; hits: number } | undefined {
  let best: { ttlMs: number; hits: number } | undefined;
  for (const { ttlMs, sameClient, anyClient } of repeats) {
    const hits = shared ? anyClient : sameClient;
    if (best === undefined || hits > best.hits * BETTER) best = { ttlMs, hits };
  }
  return best;
}

/** Why a tool that repeats itself must not be cached unseen; undefined for none. */
function doubts({ compared, changed }: RepeatFigures, readOnly: boolean | undefined): string | undefined {
  if (readOnly === false) return 'its calls repeat, but it is not read-only';
  if (readOnly === undefined) return 'its calls repeat, but it does not say that it is read-only';
  if (compared < MIN_COMPARED) return `need ${MIN_COMPARED} results to compare, have ${compared}`;
  if (changed / compared <= MAX_CHANGED) return undefined;
  return `its calls repeat, but ${changed} of ${compared} results differed for equal arguments`;
}
