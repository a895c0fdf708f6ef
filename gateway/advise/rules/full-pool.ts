// GW006 for a pool: how much room it needs by Little's law, and whether more room would help or make it worse.
import type { Sums } from '../calls.ts';
import type { Change } from '../change.ts';
import type { Finding } from '../finding.ts';
import { confidenceOf, figure, percent, time } from '../finding.ts';
import type { Level } from '../load.ts';
import type { PoolFigures, Snapshot } from '../snapshot.ts';

/** A pool is full when its busy slots use this share of it. */
const BUSY = 0.9;
/** Room above what the busy slots need. */
const ROOM = 1.35;
/** Slots needed to see how the upstream answers to load. */
const MIN_LEVELS = 6;
/** With latency that grows by this power of the calls in flight, more calls at once are mostly slower calls. */
const WORSE_POWER = 0.5;

/** The calls that a pool can have with its upstreams at once. */
export interface Capacity {
  readonly calls: number;
  readonly endpoints: number;
  readonly key: 'connections' | 'max_in_flight';
  /** Per endpoint. */
  readonly each: number;
}

/** Undefined where the configuration is not known. */
export function capacityOf({ config }: Snapshot, pool: PoolFigures): Capacity | undefined {
  const settings = config?.pools.find(({ name }) => name === pool.name);
  if (settings === undefined) return undefined;
  const seen = new Set(pool.cells.map(({ endpoint }) => endpoint).filter((name) => name !== ''));
  const endpoints = Math.max(1, settings.endpoints.length, seen.size);
  const { connections, max_in_flight: most } = settings;
  const limited = most > 0 && most < connections;
  const each = limited ? most : connections;
  return { calls: each * endpoints, endpoints, each, key: limited ? 'max_in_flight' : 'connections' };
}

/** `waiting`: whether enough calls waited in the gateway to be felt. */
export function fullPool(
  { windowS }: Snapshot,
  pool: PoolFigures,
  sums: Sums,
  capacity: Capacity,
  waiting: boolean,
): Finding | undefined {
  const used = high(pool.levels.map(({ upstream }) => upstream));
  const full = used >= capacity.calls * BUSY;
  // Calls that wait for a socket count as being with the upstream: then there is more under way than there is room.
  const queued = waiting || used > capacity.calls;
  if (!full || !queued) return undefined;
  const need = Math.ceil(high(pool.levels.map(({ all }) => all)));
  const worse = slowsDown(pool.levels, capacity.calls);
  const each = Math.ceil((need * ROOM) / capacity.endpoints);
  const lower = Math.max(1, Math.floor(capacity.each * 0.75));
  const change: Change = worse
    ? { at: { pool: pool.name }, key: 'max_in_flight', value: lower }
    : { at: { pool: pool.name }, key: capacity.key, value: Math.max(each, capacity.each + 1) };
  return {
    id: 'GW006',
    severity: 'warn',
    subject: pool.name,
    sentence:
      `Pool ${pool.name} is full: its calls need room for ${need} at once and have ${capacity.calls}` +
      ` (${capacity.endpoints} × ${capacity.key} ${capacity.each}); ${percent(sums.waited / sums.forwarded)} of them` +
      ` waited, ${time(sums.waitMs / sums.forwarded)} on average` +
      (worse ? '. Its upstream slows down as more is in flight: a bigger pool would make it worse.' : '.'),
    evidence: {
      window_s: figure(windowS),
      n: sums.forwarded,
      need,
      capacity: capacity.calls,
      waited_share: figure(sums.waited / sums.forwarded),
      mean_wait_ms: figure(sums.waitMs / sums.forwarded),
      mean_upstream_ms: figure(sums.upstreamMs / sums.forwarded),
      calls_per_s: figure(sums.forwarded / windowS),
    },
    action: worse
      ? `Add endpoints; until then let fewer calls at them at once (${lower} each), which keeps them fast.`
      : `Raise ${change.key} to ${change.value as number}, or add endpoints.`,
    changes: [change],
    expected: worse ? 'The endpoints answer faster; the queue moves.' : 'Calls no longer wait.',
    confidence: confidenceOf(sums.forwarded),
    prediction: worse
      ? undefined
      : { figure: 'waited_share', value: 0, pool: pool.name, tool: undefined, client: undefined },
  };
}

/** What nineteen in twenty slots stay within. */
export function high(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
}

/** Whether latency grows with the calls in flight, by the slope of their logarithms (least squares). */
function slowsDown(levels: readonly Level[], capacity: number): boolean {
  const points = levels
    .filter(({ upstream, upstreamMs }) => upstream > 0 && upstream <= capacity * 1.01 && upstreamMs > 0)
    .map(({ upstream, upstreamMs }) => ({ x: Math.log(upstream), y: Math.log(upstreamMs) }));
  if (points.length < MIN_LEVELS) return false;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const xx = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const xy = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  // Slots that are all equally busy say nothing about other loads.
  return xx / points.length > 0.01 && xy / xx > WORSE_POWER;
}
