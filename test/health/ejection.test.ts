// Ejection: what an endpoint's own attempts do to its place in the pool, and the bounds of that.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastConnections } from '../../gateway/balance/least-connections.ts';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import type { FailureKind } from '../../gateway/core/failure.ts';
import { EjectionBackoff, maxEjected } from '../../gateway/health/ejection.ts';
import { makeHealth } from './make-pool.ts';

function fail(
  health: { attempted(endpoint: Endpoint, kind: FailureKind): void },
  endpoint: Endpoint,
  times: number,
) {
  for (let i = 0; i < times; i++) health.attempted(endpoint, 'status');
}

describe('an endpoint', () => {
  it('is ejected after five failures in a row, and not after four and a success', async () => {
    const { all, health, pool, events } = await makeHealth(3);
    const [bad, mixed] = all as [Endpoint, Endpoint];
    fail(health, mixed, 4);
    health.attempted(mixed, undefined);
    fail(health, mixed, 4);
    expect(pool.available).toContain(mixed);
    fail(health, bad, 5);
    expect(bad.state).toBe('ejected');
    expect(pool.available).not.toContain(bad);
    expect(events).toEqual(['e0 endpoint_ejected consecutive_failures']);
  });

  it('is ejected when most of at least ten attempts in ten seconds fail, though never five in a row', async () => {
    const { all, health, events } = await makeHealth(3);
    const [bad] = all as [Endpoint];
    for (let i = 0; i < 4; i++) {
      fail(health, bad, 2);
      health.attempted(bad, undefined);
    }
    expect(events).toEqual(['e0 endpoint_ejected success_rate'].slice(0, bad.ejected ? 1 : 0));
    fail(health, bad, 2);
    expect(events).toEqual(['e0 endpoint_ejected success_rate']);
  });

  it('is not ejected for failures that lie further apart than the window', async () => {
    const { all, health, clock } = await makeHealth(3);
    const [slow] = all as [Endpoint];
    for (let i = 0; i < 30; i++) {
      fail(health, slow, 2);
      health.attempted(slow, undefined);
      await clock.pass(5000);
    }
    expect(slow.ejected).toBe(false);
  });

  it('comes back after its time only when a check passes, and then slowly', async () => {
    const { all, health, clock, answers, pool } = await makeHealth(3);
    const [bad] = all as [Endpoint];
    fail(health, bad, 5);
    await clock.pass(29_000);
    expect(bad.state).toBe('ejected');
    await clock.pass(1500);
    expect(pool.available).toContain(bad);
    expect(bad.effectiveWeight).toBeLessThan(0.2);
    fail(health, bad, 5);
    answers.set(bad, 'refuses');
    await clock.pass(70_000);
    expect(pool.available).not.toContain(bad);
  });

  it('is asked at once when a call was lost to it, and takes nothing new until it answers', async () => {
    const { all, health, clock, answers, pool } = await makeHealth(3);
    const [hung] = all as [Endpoint];
    answers.set(hung, 'hangs');
    health.attempted(hung, 'timeout');
    expect(pool.available).not.toContain(hung);
    expect(hung.state).toBe('available');
    await clock.pass(3500);
    expect(hung.state).toBe('unhealthy');
  });

  it('goes on after a lost call when it answers, and is not asked for each such call', async () => {
    const { all, health, clock, pool, probed } = await makeHealth(3);
    const [slow] = all as [Endpoint];
    await clock.pass(100);
    const before = probed.length;
    health.attempted(slow, 'timeout');
    await clock.pass(1);
    health.attempted(slow, 'timeout');
    await clock.pass(1);
    expect(pool.available).toContain(slow);
    expect(probed.length).toBe(before + 1);
  });

  it('that left calls unanswered is let back by a check after one interval', async () => {
    const { all, health, clock, pool } = await makeHealth(3);
    const [stopped] = all as [Endpoint];
    for (let i = 0; i < 5; i++) health.attempted(stopped, 'timeout');
    expect(stopped.ejected).toBe(true);
    await clock.pass(12_000);
    expect(pool.available).toContain(stopped);
  });

  it('is let back at once when nobody else is left', async () => {
    const { all, health, clock, answers, pool } = await makeHealth(2);
    const [ejected, dying] = all as [Endpoint, Endpoint];
    fail(health, ejected, 5);
    answers.set(dying, 'refuses');
    await clock.pass(9000);
    expect(pool.available).toEqual([ejected]);
  });
});

describe('the length of ejections', () => {
  it('doubles up to five minutes, and begins anew after a time as long without one', () => {
    const backoff = new EjectionBackoff(() => 0.5);
    let now = 0;
    const lengths = Array.from({ length: 6 }, () => {
      const ms = backoff.next(30_000, now);
      now += ms;
      backoff.ended(now);
      now += 1000;
      return ms;
    });
    expect(lengths).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    now += 300_001;
    expect(backoff.next(30_000, now)).toBe(30_000);
  });
});

describe('the bounds of ejection', () => {
  it.each([
    [1, 50, 0],
    [2, 50, 1],
    [3, 50, 1],
    [3, 10, 1],
    [4, 50, 2],
    [10, 10, 1],
    [3, 100, 2],
    [3, 0, 0],
  ])('of %d endpoints at %d %% let %d be ejected', (total, percent, bound) => {
    expect(maxEjected(total, percent)).toBe(bound);
  });

  it('never take out the last that is stateless for the sake of those that want sessions', async () => {
    const { all, health } = await makeHealth(2, { outlier: { consecutiveFailures: 1 } });
    const [young, old] = all as [Endpoint, Endpoint];
    [young.stateless, old.stateless] = [true, false];
    health.attempted(young, 'status');
    expect(young.ejected).toBe(false);
    old.stateless = true;
    health.attempted(young, 'status');
    expect(young.ejected).toBe(true);
    health.stop();
  });

  it('hold whatever fails: never more than the bound, never the last, and the balancer picks none that is out', async () => {
    const step = fc.tuple(
      fc.nat(7),
      fc.constantFrom<FailureKind | undefined>('status', 'timeout', 'reset', undefined),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(0, 10, 34, 50, 100),
        fc.array(step, { maxLength: 200 }),
        async (count, percent, steps) => {
          const { all, health, pool, clock } = await makeHealth(count, {
            outlier: { maxEjectedPercent: percent },
          });
          const balancer = new LeastConnections();
          for (const [index, kind] of steps) {
            health.attempted(all[index % count] as Endpoint, kind);
            const ejected = all.filter((endpoint) => endpoint.ejected).length;
            expect(ejected).toBeLessThanOrEqual(maxEjected(count, percent));
            expect(pool.available.length).toBeGreaterThan(0);
            expect(balancer.pick(pool.available)?.takesCalls).toBe(true);
            await clock.pass(50);
          }
          health.stop();
        },
      ),
      { numRuns: 30 },
    );
  });
});
