// Answers from the cache: an entry's bytes under the caller's id, with a mark that says where they come from.
import type { CacheStatus, Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import { MetaKey } from '../mcp/methods.ts';
import type { CacheEntry } from './store.ts';

/** The reply of `entry` to `x`, in the shape of its era. `now`: ms since the epoch. */
export function answerFrom(entry: CacheEntry, x: Exchange, status: CacheStatus, now: number): Reply {
  const { members } = entry;
  const age = Math.max(0, now - entry.storedAt);
  const typed = x.era.typedResults;
  let meta = `"${MetaKey.cache}":{"status":"${status}","age_ms":${age}}`;
  if (entry.meta !== '') meta += `,${entry.meta}`;
  if (typed && entry.serverInfo !== '') meta += `,${entry.serverInfo}`;
  let head = `{"jsonrpc":"2.0","id":${x.envelope.id ?? 'null'},"result":{"_meta":{${meta}}`;
  if (typed) {
    head += ',"resultType":"complete"';
    // The age is taken off, so that caches in a row do not add up (MCP 2026-07-28, caching).
    if (entry.statedScope !== undefined) {
      head += `,"ttlMs":${Math.max(0, entry.freshUntil - now)},"cacheScope":"${entry.statedScope}"`;
    }
  }
  if (members.length > 0) head += ',';
  const headBytes = Buffer.byteLength(head);
  const body = Buffer.allocUnsafe(headBytes + members.length + 2);
  body.write(head, 0);
  members.copy(body, headBytes);
  body[body.length - 2] = CLOSE;
  body[body.length - 1] = CLOSE;
  x.cacheStatus = status;
  x.errorType = undefined;
  x.replyBytes = body.length;
  return {
    status: 200,
    headers: ['content-type', 'application/json', 'cache-status', cacheStatus(entry, status, now)],
    body,
    sse: false,
    upstreamSession: undefined,
    refusal: undefined,
  };
}

const CLOSE = 0x7d;

/** The `Cache-Status` field (RFC 9211) of an answer from the cache. */
function cacheStatus(entry: CacheEntry, status: CacheStatus, now: number): string {
  if (status === 'coalesced') return 'mcp-gateway; fwd=miss; collapsed';
  return `mcp-gateway; hit; ttl=${Math.floor((entry.freshUntil - now) / 1000)}`;
}
