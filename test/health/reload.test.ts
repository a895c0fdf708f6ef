// Reloads and health: an ejection keeps its end, its back-off and its bounds, and nothing that was counted is forgotten.
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import type { PoolHealth } from '../../gateway/health/pool-health.ts';
import { makeHealth } from './make-pool.ts';

function fail(health: PoolHealth, endpoint: Endpoint, times = 5) {
  for (let i = 0; i < times; i++) health.attempted(endpoint, 'status');
}

describe('an endpoint that is ejected when a reload comes', () => {
  it('is out for as long as it was to be, whatever checks say, and comes back slowly', async () => {
    const { all, clock, health, pool, probed, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    for (let passed = 0; passed < 28_000; passed += 7000) {
      await clock.pass(7000);
      const asked = probed.length;
      await reload();
      expect(probed.slice(asked).map(({ endpoint }) => endpoint)).toContain(bad);
    }
    expect(bad.state).toBe('ejected');
    await clock.pass(2500);
    expect(pool.available).toContain(bad);
    expect(bad.ramp).toBeLessThan(0.2);
    await clock.pass(11_000);
    expect(bad.ramp).toBe(1);
  });

  it('is out twice as long the next time', async () => {
    const { all, clock, health, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    await reload();
    await clock.pass(31_000);
    expect(bad.state).toBe('available');
    fail(await reload(), bad);
    await clock.pass(50_000);
    expect(bad.state).toBe('ejected');
    await clock.pass(11_000);
    expect(bad.state).toBe('available');
  });

  it('after its time, while the check that decides is under way, is let back by the first one that passes', async () => {
    const { all, answers, clock, health, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    await clock.pass(29_000);
    answers.set(bad, 'hangs');
    await clock.pass(1100);
    answers.set(bad, 'well');
    await reload();
    expect(bad.state).toBe('available');
  });

  it('after its time stays out when the first check fails, and for longer', async () => {
    const { all, answers, clock, health, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    await clock.pass(29_000);
    answers.set(bad, 'hangs');
    await clock.pass(1100);
    answers.set(bad, 'refuses');
    await reload();
    answers.set(bad, 'well');
    await clock.pass(50_000);
    expect(bad.state).toBe('ejected');
    await clock.pass(11_000);
    expect(bad.state).toBe('available');
  });

  it('is let back by a check where it failed checks, too, and was found to be well again', async () => {
    const { all, answers, clock, health, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    answers.set(bad, 'refuses');
    await clock.pass(9000);
    expect(bad.state).toBe('unhealthy');
    answers.set(bad, 'well');
    await reload();
    expect(bad.state).toBe('available');
  });

  it('is asked no more often than others that fail', async () => {
    const { all, answers, clock, health, probed, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    answers.set(bad, 'hangs');
    const asked = probed.length;
    await reload();
    await clock.pass(60_000);
    expect(bad.state).toBe('unhealthy');
    expect(probed.slice(asked).filter(({ endpoint }) => endpoint === bad).length).toBeLessThan(15);
  });
});

describe('a reload that leaves more endpoints out than may be', () => {
  it('of a pool of only ejected ones has the first check let them back', async () => {
    const { all, health, pool, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad);
    await reload({ endpoints: [bad] });
    expect(pool.available).toEqual([bad]);
  });

  it('has those back that were to be out least', async () => {
    const { all, clock, health, reload } = await makeHealth(4);
    const [first, second] = all as [Endpoint, Endpoint];
    fail(health, second);
    await clock.pass(1000);
    fail(health, first);
    await reload({ endpoints: all.slice(0, 3) });
    expect([first, second].map(({ state }) => state)).toEqual(['ejected', 'available']);
  });

  it('has all back where none is to be ejected any more', async () => {
    const { all, health, pool, reload } = await makeHealth(4);
    fail(health, all[0]);
    await reload({ outlier: { maxEjectedPercent: 0 } });
    expect(pool.available).toEqual(all);
  });
});

describe('what is known of an endpoint that stays', () => {
  it('counts on: failures in a row', async () => {
    const { all, health, reload } = await makeHealth(3);
    const [bad] = all;
    fail(health, bad, 4);
    const next = await reload();
    fail(next, bad, 1);
    expect(bad.state).toBe('ejected');
  });

  it('counts on: the rate of success', async () => {
    const { all, health, reload } = await makeHealth(3, { outlier: { consecutiveFailures: 100 } });
    const [bad] = all;
    fail(health, bad, 9);
    const next = await reload();
    fail(next, bad, 1);
    expect(bad.state).toBe('ejected');
  });

  it('in the middle of its slow start is its share', async () => {
    const { all, clock, reload } = await makeHealth(3);
    all[0].ramp = 0.5;
    await reload();
    await clock.pass(2500);
    expect(all[0].ramp).toBeCloseTo(0.75);
    await clock.pass(3000);
    expect(all[0].ramp).toBe(1);
  });
});
