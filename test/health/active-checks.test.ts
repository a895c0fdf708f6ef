// Active checks: when an endpoint is asked, and what its answers do to its place in the pool.
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { ActiveChecks } from '../../gateway/health/active-checks.ts';
import { HandClock } from './hand-clock.ts';
import { makeHealth, settings } from './make-pool.ts';

describe('active checks', () => {
  it('ask each endpoint at once and then again within the interval, never two questions at a time', async () => {
    const { clock, all, probed, answers } = await makeHealth(2);
    expect(probed.map(({ endpoint }) => endpoint.id)).toEqual(['e0', 'e1']);
    answers.set(all[0], 'hangs');
    await clock.pass(10_000);
    const times = probed.filter(({ endpoint }) => endpoint === all[0]).map(({ at }) => at);
    expect(times.slice(0, 3)).toEqual([0, 7000, 9100]);
  });

  it('take an endpoint out only after the configured number of failures in a row', async () => {
    const { clock, all, answers, events, pool } = await makeHealth(2);
    const [endpoint] = all;
    answers.set(endpoint, 'refuses');
    await clock.pass(7000);
    expect(pool.available).toContain(endpoint);
    await clock.pass(100);
    expect(pool.available).toContain(endpoint);
    await clock.pass(100);
    expect(pool.available).not.toContain(endpoint);
    expect(endpoint.state).toBe('unhealthy');
    expect(events).toEqual(['e0 endpoint_unhealthy refused']);
  });

  it('forget a failure that is followed by a pass', async () => {
    const { clock, all, answers, events } = await makeHealth(2);
    answers.set(all[0], 'refuses');
    await clock.pass(7000);
    answers.delete(all[0]);
    await clock.pass(60_000);
    expect(events).toEqual([]);
  });

  it('find a hanging endpoint within twelve seconds by the defaults, whenever it begins to hang', async () => {
    for (let beganAt = 0; beganAt < 8000; beganAt += 500) {
      const { clock, all, answers, pool } = await makeHealth(2);
      await clock.pass(beganAt);
      answers.set(all[0], 'hangs');
      await clock.pass(12_000);
      expect(pool.available).not.toContain(all[0]);
    }
  });

  it('bring back an endpoint that takes its time to answer, but no longer than it may', async () => {
    const { clock, all, answers, pool } = await makeHealth(2);
    answers.set(all[0], 'refuses');
    await clock.pass(8000);
    expect(pool.available).not.toContain(all[0]);
    answers.set(all[0], 'slow');
    await clock.pass(20_000);
    expect(pool.available).toContain(all[0]);
  });

  it('count no good answer from before an alarm, whatever an earlier check has said', async () => {
    const clock = new HandClock();
    const asked: PromiseWithResolvers<void>[] = [];
    const verdicts: boolean[] = [];
    const owner = {
      clock,
      random: () => 0.5,
      urgent: false,
      checked: (passed: boolean) => verdicts.push(passed),
      unasked: () => undefined,
    };
    const probe = () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      return answer.promise;
    };
    const checks = new ActiveChecks(probe, settings.checks, owner, true);
    checks.checkNow();
    checks.checkNow();
    asked[0]?.reject(new Error('refused'));
    await clock.pass(150);
    checks.checkNow();
    asked[1]?.resolve();
    await clock.pass(0);
    expect(verdicts).toEqual([false]);
    expect(asked).toHaveLength(3);
    checks.stop();
  });

  it('bring an endpoint back within two intervals, slowly', async () => {
    const { clock, all, answers, events, pool } = await makeHealth(2);
    const [endpoint] = all;
    answers.set(endpoint, 'refuses');
    await clock.pass(8000);
    answers.delete(endpoint);
    await clock.pass(8000);
    expect(pool.available).toContain(endpoint);
    expect(events.at(-1)).toBe('e0 endpoint_available');
    expect(endpoint.effectiveWeight).toBeLessThan(0.2);
    await clock.pass(10_000);
    expect(endpoint.effectiveWeight).toBe(1);
  });

  it('ask as many times as configured before they bring it back', async () => {
    const { clock, all, answers, pool } = await makeHealth(2, { checks: { healthyAfter: 3 } });
    answers.set(all[0], 'refuses');
    await clock.pass(8000);
    answers.delete(all[0]);
    await clock.pass(6350);
    expect(pool.available).not.toContain(all[0]);
    await clock.pass(100);
    expect(pool.available).toContain(all[0]);
  });

  it('ask all the time while no endpoint is left, so that one that comes back serves within a second', async () => {
    const { clock, all, answers, pool } = await makeHealth(2);
    for (const endpoint of all) answers.set(endpoint, 'hangs');
    await clock.pass(20_000);
    expect(pool.available).toEqual([]);
    answers.delete(all[1] as Endpoint);
    await clock.pass(1000);
    expect(pool.available).toEqual([all[1]]);
  });

  it('ask all at once when somebody else takes out the last endpoint, and let an outlier back that is well', async () => {
    const { clock, all, health, pool } = await makeHealth(2);
    const [outlier, last] = all as [Endpoint, Endpoint];
    for (let i = 0; i < 5; i++) health.attempted(outlier, 'status');
    expect(pool.available).toEqual([last]);
    last.draining = true;
    pool.refresh();
    await clock.pass(0);
    expect(pool.available).toEqual([outlier]);
  });

  it('follow each other closely from then on, until one is back', async () => {
    const { clock, all, answers, pool, probed } = await makeHealth(2);
    const [away, last] = all as [Endpoint, Endpoint];
    answers.set(away, 'refuses');
    await clock.pass(8000);
    expect(away.state).toBe('unhealthy');
    const asked = probed.length;
    last.leftAt = clock.now();
    pool.refresh();
    await clock.pass(1000);
    expect(probed.slice(asked).filter(({ endpoint }) => endpoint === away)).toHaveLength(11);
    answers.delete(away);
    await clock.pass(100);
    expect(pool.available).toEqual([away]);
  });

  it('that cannot be made say nothing: whoever is in stays in, whoever is out stays out', async () => {
    const { clock, all, answers, events, pool } = await makeHealth(2, { checks: { unhealthyAfter: 1 } });
    answers.set(all[0], 'refuses');
    await clock.pass(8000);
    for (const endpoint of all) answers.set(endpoint, 'unasked');
    await clock.pass(60_000);
    expect(pool.available).toEqual([all[1]]);
    answers.clear();
    await clock.pass(1000);
    expect(pool.available).toEqual(all);
    expect(events).toEqual(['e0 endpoint_unhealthy refused', 'e0 endpoint_available']);
  });

  it('that cannot be made leave no endpoint under suspicion', async () => {
    const { clock, all, answers, health, pool } = await makeHealth(2);
    answers.set(all[0], 'unasked');
    health.attempted(all[0], 'reset');
    expect(pool.available).toEqual([all[1]]);
    await clock.pass(0);
    expect(pool.available).toEqual(all);
  });

  it('leave an endpoint draining, whatever they find', async () => {
    const { clock, all, answers } = await makeHealth(2);
    const [endpoint] = all;
    endpoint.draining = true;
    answers.set(endpoint, 'refuses');
    await clock.pass(8000);
    answers.delete(endpoint);
    await clock.pass(20_000);
    expect(endpoint.state).toBe('draining');
  });

  it('end with the pool: no timer is left', async () => {
    const { clock, health, all, answers } = await makeHealth(3);
    answers.set(all[0], 'refuses');
    await clock.pass(30_000);
    health.stop();
    await clock.pass(0);
    expect(clock.waiting).toBe(0);
  });
});
