// Silence: an endpoint that stops answering is asked and left alone before any timeout, and one that is slow is not.
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { makeHealth } from './make-pool.ts';

/** Ends of answers that take 100 ms each, all the while keeping some in flight. */
async function answering(
  { clock }: Awaited<ReturnType<typeof makeHealth>>,
  endpoint: Endpoint,
  forMs: number,
) {
  endpoint.inFlight = 20;
  for (let past = 0; past < forMs; past += 50) {
    await clock.pass(50);
    endpoint.noteLatency(100, clock.now());
  }
}

describe('an endpoint that owes answers', () => {
  it('and falls silent is asked and takes nothing new, long before its calls time out', async () => {
    const made = await makeHealth(3);
    const { clock, all, answers, pool, probed, events } = made;
    const [hung] = all as [Endpoint];
    await answering(made, hung, 2000);
    const before = probed.length;
    answers.set(hung, 'hangs');
    await clock.pass(500);
    expect(pool.available).toContain(hung);
    await clock.pass(200);
    expect(probed.slice(before)).toEqual([{ endpoint: hung, at: expect.any(Number) }]);
    expect(pool.available).not.toContain(hung);
    expect(hung.state).toBe('available');
    await clock.pass(3300);
    expect(hung.state).toBe('unhealthy');
    expect(events).toEqual(['e0 endpoint_unhealthy timed out']);
  });

  it('is waited for according to how long it has taken lately', async () => {
    const made = await makeHealth(3);
    const { clock, all, answers, pool } = made;
    const [slow] = all as [Endpoint];
    slow.inFlight = 1;
    slow.noteLatency(1200, clock.now());
    answers.set(slow, 'hangs');
    await clock.pass(2300);
    expect(pool.available).toContain(slow);
    await clock.pass(300);
    expect(pool.available).not.toContain(slow);
  });

  it('and is well is back with the check that says so, and asked less and less while its calls take long', async () => {
    const { clock, all, pool, probed } = await makeHealth(3);
    const [slow] = all as [Endpoint];
    slow.inFlight = 3;
    await clock.pass(60_000);
    expect(pool.available).toContain(slow);
    const times = probed.filter(({ endpoint }) => endpoint === slow).map(({ at }) => at);
    const others = probed.filter(({ endpoint }) => endpoint === all[1]).length;
    expect(times.length).toBeLessThanOrEqual(others + 6);
  });

  it('is asked, but not spared, when nobody else is there', async () => {
    const { clock, all, answers, pool, probed } = await makeHealth(1);
    const [only] = all as [Endpoint];
    only.inFlight = 3;
    answers.set(only, 'hangs');
    await clock.pass(700);
    expect(probed).toHaveLength(2);
    expect(pool.available).toEqual([only]);
  });

  it('is not blamed for the time in which this process itself stood still', async () => {
    const made = await makeHealth(3);
    const { clock, all, probed } = made;
    const [endpoint] = all as [Endpoint];
    await answering(made, endpoint, 1000);
    const before = probed.length;
    clock.stall(3000);
    await clock.pass(300);
    endpoint.noteLatency(100, clock.now());
    await clock.pass(300);
    expect(probed.length).toBe(before);
  });
});

it('an endpoint that owes nothing is never silent', async () => {
  const { clock, all, pool, probed } = await makeHealth(3);
  await clock.pass(6000);
  expect(pool.available).toEqual(all);
  expect(probed).toHaveLength(3);
});
