// A pool for the tests of health: endpoints whose probes answer as told, on a clock moved by hand.
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { Failure } from '../../gateway/core/failure.ts';
import type { HealthParts, HealthSettings } from '../../gateway/health/pool-health.ts';
import { PoolHealth } from '../../gateway/health/pool-health.ts';
import { endpoints } from '../balance/make-endpoints.ts';
import { HandClock } from './hand-clock.ts';

/** How a probe is answered; `hangs` lets its whole timeout pass, `slow` takes 700 ms, `unasked` cannot be made. */
export type ProbeAnswer = 'well' | 'refuses' | 'hangs' | 'slow' | 'unasked';

const SLOW_MS = 700;

export const settings: HealthSettings = {
  checks: { intervalMs: 10_000, timeoutMs: 2000, unhealthyAfter: 3, healthyAfter: 1 },
  outlier: { consecutiveFailures: 5, ejectionMs: 30_000, maxEjectedPercent: 50 },
};

/** A watched pool of `count` endpoints, at least one, which have been asked once and are well. */
export async function makeHealth(
  count: number,
  {
    checks,
    outlier,
  }: {
    checks?: Partial<HealthSettings['checks']>;
    outlier?: Partial<HealthSettings['outlier']>;
  } = {},
) {
  const clock = new HandClock();
  const all = endpoints(...Array.from({ length: count }, () => ({}))) as [Endpoint, ...Endpoint[]];
  const answers = new Map<Endpoint, ProbeAnswer>();
  const events: string[] = [];
  const probed: { endpoint: Endpoint; at: number }[] = [];
  const pool = {
    endpoints: all as readonly Endpoint[],
    available: all as readonly Endpoint[],
    emptied: undefined as (() => void) | undefined,
    refresh() {
      const had = this.available.length;
      this.available = this.endpoints.filter((endpoint) => endpoint.takesCalls);
      if (had > 0 && this.available.length === 0) this.emptied?.();
    },
  };
  const parts = (changed: { outlier?: Partial<HealthSettings['outlier']> } = {}): HealthParts => ({
    pool,
    settings: {
      checks: { ...settings.checks, ...checks },
      outlier: { ...settings.outlier, ...outlier, ...changed.outlier },
    },
    probe(endpoint, timeoutMs) {
      probed.push({ endpoint, at: clock.now() });
      const answer = answers.get(endpoint) ?? 'well';
      if (answer === 'refuses') return Promise.reject(new Error('refused'));
      if (answer === 'unasked') {
        return Promise.reject(new Failure('connect', false, 'no descriptor', { shortage: 'EMFILE' }));
      }
      if (answer === 'well') return Promise.resolve();
      if (answer === 'slow' && timeoutMs > SLOW_MS)
        return new Promise((resolve) => clock.after(SLOW_MS, resolve));
      return new Promise((_resolve, reject) => clock.after(timeoutMs, () => reject(new Error('timed out'))));
    },
    tell: (endpoint, event, why) =>
      events.push(`${endpoint.id} ${event}${why === undefined ? '' : ` ${why}`}`),
    clock,
    random: () => 0.5,
  });
  const health = new PoolHealth(parts());
  pool.refresh();
  health.watch(all);
  await clock.pass(0);
  let current = health;
  return {
    clock,
    all,
    answers,
    events,
    probed,
    pool,
    health,
    /** Has another health take over, with other settings where they are given, and of these endpoints only. */
    async reload(changed: { outlier?: Partial<HealthSettings['outlier']>; endpoints?: Endpoint[] } = {}) {
      const previous = current;
      pool.endpoints = changed.endpoints ?? all;
      pool.refresh();
      current = new PoolHealth(parts(changed));
      current.watch(pool.endpoints, previous);
      previous.stop();
      await clock.pass(0);
      return current;
    },
  };
}
