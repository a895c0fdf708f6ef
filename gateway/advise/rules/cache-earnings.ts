// GW003: a cache rule that answers next to nothing, or a cache that throws out what it would have used.
import { formatDuration, formatSize } from '../../../config/units.ts';
import { compileToolRules } from '../../core/tool-rules.ts';
import type { Finding, Verdict } from '../finding.ts';
import { confidenceOf, figure, mebibytes, percent, tooFew } from '../finding.ts';
import { byTool } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';

const MIN_LOOKUPS = 200;
const IDLE_RATIO = 0.05;
/** A cache is full when it holds this share of its memory, and too small when so many of its entries were thrown out. */
const FULL = 0.9;
const MANY_EVICTIONS = 0.2;

export function cacheEarnings(snapshot: Snapshot): Verdict {
  const { config, pools, windowS } = snapshot;
  const verdict: Verdict = { findings: [], abstentions: [] };
  let kept = 0;
  for (const pool of pools) {
    const rules = compileToolRules(config?.pools.find(({ name }) => name === pool.name)?.tools ?? []);
    for (const [tool, { cache }] of byTool(pool.cells)) {
      const hits = cache.hit + cache.stale + cache.coalesced;
      const lookups = hits + cache.miss;
      const subject = `${pool.name}/${tool}`;
      kept += cache.miss;
      if (lookups === 0) continue;
      if (lookups < MIN_LOOKUPS) verdict.abstentions.push(tooFew('GW003', subject, lookups, MIN_LOOKUPS));
      else if (hits / lookups < IDLE_RATIO) {
        const ttlMs = rules?.(tool)?.cache?.ttl;
        const longer = ttlMs === undefined ? undefined : formatDuration(ttlMs * 5);
        verdict.findings.push({
          id: 'GW003',
          severity: 'info',
          subject,
          sentence: `The cache answered ${hits} of ${lookups} calls of \`${tool}\`, ${percent(hits / lookups)}.`,
          evidence: { window_s: figure(windowS), n: lookups, hits },
          action: `Keep results longer${longer === undefined ? '' : ` (${longer})`}, or remove the cache rule.`,
          changes: [],
          expected: 'Either more hits or less memory.',
          confidence: confidenceOf(lookups),
          prediction: undefined,
        });
      }
    }
  }
  const room = tooSmall(snapshot, kept);
  if (room !== undefined) verdict.findings.push(room);
  return verdict;
}

function tooSmall({ config, cache, windowS }: Snapshot, kept: number): Finding | undefined {
  if (config === undefined || cache === undefined || kept < MIN_LOOKUPS) return undefined;
  const { memory } = config.cache;
  if (cache.bytes < memory * FULL || cache.evictions / kept < MANY_EVICTIONS) return undefined;
  return {
    id: 'GW003',
    severity: 'warn',
    subject: 'cache',
    sentence:
      `The cache is full, ${mebibytes(cache.bytes)} of ${mebibytes(memory)}, ` +
      `and threw out ${cache.evictions} entries while it took in ${kept}.`,
    evidence: { window_s: figure(windowS), n: kept, evictions: cache.evictions, bytes: cache.bytes },
    action: 'Give the cache more memory.',
    changes: [{ at: { section: 'cache' }, key: 'memory', value: formatSize(memory * 2) }],
    expected: 'Entries stay until they expire.',
    confidence: confidenceOf(kept),
    prediction: undefined,
  };
}
