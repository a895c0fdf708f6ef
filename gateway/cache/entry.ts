// Makes entries of upstream answers, or says why an answer is not kept.
import { resultParts } from '../mcp/result-parts.ts';
import { instants } from './freshness.ts';
import type { CacheRule } from './rules.ts';
import type { CacheEntry } from './store.ts';

/** What an answer is to the cache. */
export type Judgement =
  | {
      readonly is: 'entry';
      readonly entry: CacheEntry;
      /** It has content whose form the servers make differ between revisions. */
      readonly structured: boolean;
    }
  /** The server or its tool failed: the next try may not. */
  | { readonly is: 'failure' }
  /** An answer that is never kept: the next one would be no other. */
  | { readonly is: 'never' };

const failure: Judgement = { is: 'failure' };
const never: Judgement = { is: 'never' };

/** Judges an upstream's answer. Errors, failed tools, questions back to the client and cut results are never kept. */
export function judge(
  message: Buffer,
  rule: CacheRule,
  tags: readonly string[],
  now: number,
  random: number,
): Judgement {
  const parts = resultParts(message);
  if (parts === undefined || parts.isError) return failure;
  if (parts.truncated || (parts.resultType !== undefined && parts.resultType !== 'complete')) return never;
  const { meta, serverInfo, members, cacheScope, structured } = parts;
  if (members.length + meta.length > rule.maxEntryBytes) return never;
  const ttlMs = rule.stated ? Math.min(rule.ttlMs, parts.ttlMs ?? 0) : rule.ttlMs;
  if (ttlMs === 0) return never;
  const times = instants({ ...rule, ttlMs }, now, random);
  const statedScope = rule.stated ? (cacheScope === 'public' ? 'public' : 'private') : undefined;
  return { is: 'entry', entry: { ...times, statedScope, meta, serverInfo, members, tags }, structured };
}
