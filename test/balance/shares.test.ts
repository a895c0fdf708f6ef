// Shares: what endpoints of given weights get of calls that follow each other, by how many go at once.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balancer, BalancerName } from '../../gateway/balance/balancer.ts';
import { balancers } from '../../gateway/balance/balancer.ts';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { SlowStart } from '../../gateway/health/slow-start.ts';
import { HandClock } from '../health/hand-clock.ts';
import { seeded } from '../support/chance.ts';
import { endpoints } from './make-endpoints.ts';

const names: BalancerName[] = ['least_connections', 'round_robin', 'power_of_two', 'peak_ewma'];
const EQUAL_MS = () => 10;

interface Loop {
  balancer: Balancer;
  among: readonly Endpoint[];
  /** How many callers there are; each calls again as soon as it has its answer. */
  concurrency: number;
  calls: number;
  /** What an answer of the endpoint takes, give or take a fifth. */
  takes: (endpoint: Endpoint) => number;
  random: () => number;
}

/** What share of the calls each endpoint is given. */
function shares({ balancer, among, concurrency, calls, takes, random }: Loop): number[] {
  const given = new Map(among.map((endpoint) => [endpoint, 0]));
  const running: { endpoint: Endpoint; from: number; until: number }[] = [];
  let now = 0;
  for (let i = 0; i < calls; i++) {
    if (running.length === concurrency) {
      const [ended] = running.sort((one, other) => one.until - other.until).splice(0, 1);
      if (ended === undefined) break;
      now = ended.until;
      ended.endpoint.inFlight--;
      ended.endpoint.noteLatency(now - ended.from, now);
    }
    const endpoint = balancer.pick(among, { startedAt: now } as Exchange) as Endpoint;
    endpoint.inFlight++;
    given.set(endpoint, (given.get(endpoint) ?? 0) + 1);
    running.push({ endpoint, from: now, until: now + takes(endpoint) * (0.8 + 0.4 * random()) });
  }
  return [...given.values()].map((count) => count / calls);
}

const ofWeights = (weights: number[]) => endpoints(...weights.map((weight) => ({ weight })));

/** How far the share of any endpoint is from what it should be by its weight. */
function farthest(got: number[], among: readonly Endpoint[]): number {
  const sum = among.reduce((all, { effectiveWeight }) => all + effectiveWeight, 0);
  return Math.max(...among.map((one, i) => Math.abs((got[i] ?? 0) - one.effectiveWeight / sum)));
}

describe.each(names)('%s gives endpoints that are equally fast their share by weight', (name) => {
  it.each([[[1, 2]], [[1, 2, 5]], [[3, 1, 1, 1]], [[1, 10]], [[100, 100, 300]], [[1, 1, 0.1]], [[0.01, 1]]])(
    'of weights %j',
    (weights) => {
      for (const concurrency of [1, 2, 4, 16]) {
        const random = seeded(concurrency);
        const among = ofWeights(weights);
        const got = shares({
          balancer: balancers[name](random),
          among,
          concurrency,
          calls: 6000,
          takes: EQUAL_MS,
          random,
        });
        expect(farthest(got, among), `${concurrency} at once: ${got}`).toBeLessThan(0.045);
      }
    },
  );

  it('whatever the weights, one call at a time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 }),
        fc.nat(),
        (weights, seed) => {
          const random = seeded(seed);
          const among = ofWeights(weights);
          const loop = { balancer: balancers[name](random), among, concurrency: 1, calls: 3000, random };
          expect(farthest(shares({ ...loop, takes: EQUAL_MS }), among)).toBeLessThan(0.045);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('also while one starts slowly: more by the second', async () => {
    const clock = new HandClock();
    const slowStart = new SlowStart(clock);
    const random = seeded(7);
    const [back, other] = endpoints({}, {}) as [Endpoint, Endpoint];
    const balancer = balancers[name](random);
    slowStart.begin(back);
    for (let second = 0; second < 12; second++) {
      let expected = 0;
      let got = 0;
      for (let step = 0; step < 10; step++) {
        await clock.pass(100);
        const loop = { balancer, among: [back, other], concurrency: 1, calls: 100, random };
        got += (shares({ ...loop, takes: EQUAL_MS })[0] ?? 0) / 10;
        back.inFlight = other.inFlight = 0;
        expected += back.ramp / (back.ramp + 1) / 10;
      }
      expect(Math.abs(got - expected), `second ${second}: ${got}, not ${expected}`).toBeLessThan(0.05);
    }
  });
});

describe.each(['least_connections', 'power_of_two'] as const)('%s', (name) => {
  it('gives an endpoint that is ten times slower what it can do, and hardly more', () => {
    const random = seeded(9);
    const among = endpoints({}, {}, {}, {});
    const takes = (endpoint: Endpoint) => (endpoint === among[0] ? 100 : 10);
    const loop = { among, takes, concurrency: 16, calls: 6000, random };
    const [slow] = shares({ ...loop, balancer: balancers[name](random) });
    expect(slow).toBeLessThan(0.06);
  });

  it('does not make up for the time in which an endpoint was away', () => {
    const random = seeded(10);
    const [away, ...others] = endpoints({}, {}, {}) as [Endpoint, ...Endpoint[]];
    const loop = { balancer: balancers[name](random), takes: EQUAL_MS, concurrency: 1, random };
    shares({ ...loop, among: [away, ...others], calls: 10 });
    away.inFlight = 100;
    shares({ ...loop, among: [away, ...others], calls: 3000 });
    away.inFlight = 0;
    for (const other of others) other.inFlight = 0;
    expect(shares({ ...loop, among: [away, ...others], calls: 100 })[0]).toBeLessThan(0.43);
  });
});

it('least connections give an endpoint that comes anew no more than its share, however the others stand', () => {
  const random = seeded(11);
  const balancer = balancers.least_connections();
  const loop = { balancer, takes: EQUAL_MS, concurrency: 1, random };
  for (const owed of [-50, 50]) {
    const [come, ...others] = endpoints({}, {}, {}) as [Endpoint, ...Endpoint[]];
    for (const other of others) other.owed = owed;
    const [got] = shares({ ...loop, among: [come, ...others], calls: 30 }) as [number];
    expect(Math.abs(got - 1 / 3)).toBeLessThan(0.07);
  }
});

it('peak ewma gives an endpoint that is much slower hardly anything, however heavy', () => {
  const random = seeded(12);
  const among = endpoints({ weight: 2 }, {}, {});
  const takes = (endpoint: Endpoint) => (endpoint === among[0] ? 200 : 10);
  for (const concurrency of [1, 2, 4]) {
    const loop = { among, takes, concurrency, calls: 3000, random };
    expect(shares({ ...loop, balancer: balancers.peak_ewma(random) })[0]).toBeLessThan(0.02);
  }
});
