// Log lines: `tool_execution` records, JSON or logfmt, back into the calls that they tell of.
import type { CacheStatus } from '../core/exchange.ts';
import type { Call } from './calls.ts';
import { OTHER } from './calls.ts';

const cacheStatuses: readonly string[] = [
  'hit',
  'miss',
  'stale',
  'coalesced',
  'bypass',
] satisfies CacheStatus[];

/** The call of a line; undefined where it tells of something else, or cannot be read. */
export function callOfLine(line: string): Call | undefined {
  if (!line.includes('tool_execution')) return undefined;
  const record = line.startsWith('{') ? parsed(line) : pairsOf(line);
  if (record?.['event'] !== 'tool_execution') return undefined;
  const { time, client, pool, endpoint, tool, error_type, attempts, cache } = record;
  const { duration_ms, upstream_ms, queue_ms } = record;
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at) || typeof pool !== 'string' || typeof duration_ms !== 'number') return undefined;
  const upstreamMs = typeof upstream_ms === 'number' ? upstream_ms : undefined;
  return {
    at,
    client: typeof client === 'string' ? client : '',
    pool,
    endpoint: typeof endpoint === 'string' ? endpoint : undefined,
    tool: typeof tool === 'string' ? tool : OTHER,
    durationMs: duration_ms,
    upstreamMs,
    // Lines of other programs may lack it: what was not spent with an upstream is the most that it can be.
    queueMs: typeof queue_ms === 'number' ? queue_ms : Math.max(0, duration_ms - (upstreamMs ?? duration_ms)),
    // A logfmt value of digits alone is a number there: codes of JSON-RPC errors.
    errorType: error_type === null || error_type === undefined ? undefined : String(error_type),
    attempts: typeof attempts === 'number' ? attempts : 1,
    cache: cacheStatuses.includes(String(cache)) ? (cache as CacheStatus) : undefined,
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const pair = /([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g;

function pairsOf(line: string): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [, key = '', value = ''] of line.matchAll(pair)) {
    const isJson = /^(".*"|null|true|false|-?\d[\d.eE+-]*)$/.test(value);
    record[key] = isJson ? json(value) : value;
  }
  return record;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
