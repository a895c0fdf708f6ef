// Scenarios for the advice: what the figures of half an hour look like when one thing is wrong, and when nothing is.
import { parseConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { Call } from '../../gateway/advise/calls.ts';
import { Ledger } from '../../gateway/advise/ledger.ts';
import type { MinutePoint, RepeatFigures, Snapshot } from '../../gateway/advise/snapshot.ts';

export const START = Date.UTC(2026, 10, 23, 9);
const MiB = 1024 ** 2;

/** Numbers from 0 to 1, the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What gateway.yaml holds in every scenario, with these sections in place of its own. */
export function fileOf(more: Record<string, unknown> = {}): Record<string, unknown> {
  const pools = ['search', 'db'].map((name, i) => ({
    name,
    endpoints: [1, 2].map((port) => ({ url: `http://127.0.0.1:80${i}${port}/mcp` })),
  }));
  const routes = pools.map(({ name }) => ({ path: `/${name}/mcp`, pools: [name] }));
  return { pools, routes, ...more };
}

/** The configuration that such a file gives. */
export function configOf(file: Record<string, unknown> = fileOf()): Config {
  const loaded = parseConfig(JSON.stringify(file), { file: 'scenario', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

export interface Traffic {
  readonly pool?: string;
  readonly tool?: string;
  readonly client?: string;
  readonly calls?: number;
  /** What a call takes upstream, in ms, and what it waited before. */
  upstreamMs?(random: number, endpoint: string, i: number): number;
  waitMs?(random: number, i: number): number;
  errorType?(random: number, endpoint: string): string | undefined;
  attempts?(random: number, errorType: string | undefined): number;
  cache?(random: number): Call['cache'];
  readonly seed?: number;
}

/** Calls spread evenly over ten minutes, over two endpoints in turn. */
export function traffic(options: Traffic = {}): Call[] {
  const { pool = 'search', tool = 'find', client = 'ci', calls = 3000, seed = 1 } = options;
  const random = seeded(seed);
  return Array.from({ length: calls }, (_, i): Call => {
    const endpoint = `http://127.0.0.1:80${pool === 'search' ? 0 : 1}${1 + (i % 2)}/mcp`;
    const upstreamMs = (options.upstreamMs ?? ((r) => 50 + 100 * r))(random(), endpoint, i);
    const waitMs = options.waitMs?.(random(), i) ?? 0.2;
    const errorType = options.errorType?.(random(), endpoint);
    return {
      at: START + Math.floor((i * 600_000) / calls) + 5000,
      client,
      pool,
      endpoint,
      tool,
      durationMs: upstreamMs + waitMs,
      upstreamMs,
      queueMs: waitMs,
      errorType,
      attempts: options.attempts?.(random(), errorType) ?? 1,
      cache: options.cache?.(random()),
    };
  });
}

/** Minutes in the life of a process; `heap` and `busy` by the minute. */
export function minutes(
  count: number,
  point: (minute: number, random: () => number) => Partial<MinutePoint> = () => ({}),
): MinutePoint[] {
  const random = seeded(7);
  return Array.from({ length: count }, (_, minute) => ({
    minute,
    heapBytes: 40 * MiB + 3 * MiB * random(),
    rssBytes: 120 * MiB + 2 * MiB * random(),
    sessions: 20,
    streams: 5,
    cacheBytes: 8 * MiB,
    busy: 0.2 + 0.1 * random(),
    throttled: 0,
    ...point(minute, random),
  }));
}

export function repeats(more: Partial<RepeatFigures> = {}): RepeatFigures {
  return {
    pool: 'search',
    tool: 'find',
    lookups: 3000,
    repeats: [
      { ttlMs: 10_000, sameClient: 20, anyClient: 20 },
      { ttlMs: 60_000, sameClient: 60, anyClient: 60 },
      { ttlMs: 300_000, sameClient: 90, anyClient: 90 },
    ],
    compared: 90,
    changed: 0,
    comparedAcross: 0,
    changedAcross: 0,
    ...more,
  };
}

/** The snapshot of calls and of what else is given; what is not is that of a gateway that is well. */
export function snapshotOf(calls: readonly Call[], more: Partial<Snapshot> = {}): Snapshot {
  const ledger = new Ledger();
  for (const call of calls) ledger.add(call);
  return {
    ...ledger.read(START + 605_000),
    source: 'live',
    config: configOf(),
    repeats: [repeats()],
    process: { points: minutes(90), heapLimitBytes: 2048 * MiB, cores: 4 },
    toolLists: ['search', 'db'].map((pool) => ({
      pool,
      tools: ['find', 'report', 'lookup'].map((name) => ({ name, chars: 600, readOnly: true })),
    })),
    cache: { bytes: 8 * MiB, evictions: 0 },
    ...more,
  };
}
