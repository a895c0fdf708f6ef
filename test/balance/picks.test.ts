// Balancers: what each picks by given loads and given chance.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancers } from '../../gateway/balance/balancer.ts';
import { draw } from '../../gateway/balance/pair.ts';
import { highest } from '../../gateway/balance/rendezvous.ts';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { seeded } from '../support/chance.ts';
import type { Figures } from './make-endpoints.ts';
import { endpoints, figures, from, spread, told } from './make-endpoints.ts';

describe('least_connections', () => {
  it.each([
    ['the emptier one', [{ inFlight: 3 }, { inFlight: 1 }, { inFlight: 2 }], 'e1'],
    ['the heavier of two idle ones', [{ weight: 1 }, { weight: 3 }], 'e1'],
    [
      'by load for the weight',
      [
        { weight: 1, inFlight: 1 },
        { weight: 4, inFlight: 6 },
      ],
      'e1',
    ],
    [
      'by load with the new request counted in',
      [
        { weight: 1, inFlight: 0 },
        { weight: 10, inFlight: 4 },
      ],
      'e1',
    ],
  ])('picks %s', (_name, figures, expected) => {
    expect(balancers.least_connections().pick(endpoints(...figures))?.id).toBe(expected);
  });

  it('never picks an endpoint as loaded as another would be with the request', () => {
    fc.assert(
      fc.property(figures, fc.nat(9), (figures, before) => {
        const all = endpoints(...figures);
        const balancer = balancers.least_connections();
        for (let i = 0; i < before; i++) balancer.pick(all);
        const { inFlight, weight } = balancer.pick(all) as Endpoint;
        const withOneMore = all.map((endpoint) => (endpoint.inFlight + 1) / endpoint.weight);
        expect(inFlight / weight).toBeLessThan(Math.min(...withOneMore));
      }),
    );
  });

  it('takes equals in turn, also where others are busier', () => {
    expect(spread(balancers.least_connections(), endpoints({}, {}, {}), 300)).toEqual([100, 100, 100]);
    expect(spread(balancers.least_connections(), endpoints({ inFlight: 5 }, {}, {}), 300)).toEqual([
      0, 150, 150,
    ]);
  });
});

describe('round_robin', () => {
  it('takes turns by weight, and spreads a heavy one’s', () => {
    const all = endpoints({ weight: 5 }, { weight: 1 }, { weight: 1 });
    const balancer = balancers.round_robin();
    const turns = Array.from({ length: 7 }, () => balancer.pick(all)?.id);
    expect(turns.join(' ')).toBe('e0 e0 e1 e0 e2 e0 e0');
  });

  it('keeps to the weights exactly over each round', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const all = endpoints(...weights.map((weight) => ({ weight })));
        const round = weights.reduce((a, b) => a + b);
        expect(spread(balancers.round_robin(), all, round * 2)).toEqual(weights.map((weight) => weight * 2));
      }),
    );
  });
});

describe('power_of_two', () => {
  it.each([
    ['the first of three and the next', [0, 0], [{ inFlight: 1 }, { inFlight: 0 }, { inFlight: 0 }], 'e1'],
    [
      'the last and the one before it',
      [0.99, 0.99],
      [{ inFlight: 0 }, { inFlight: 1 }, { inFlight: 2 }],
      'e1',
    ],
    ['equals: the first drawn', [0.5, 0], [{}, {}, {}], 'e1'],
    [
      'by load for the weight',
      [0, 0],
      [
        { inFlight: 1, weight: 1 },
        { inFlight: 2, weight: 3 },
      ],
      'e1',
    ],
  ])('compares %s', (_name, chance, figures, expected) => {
    expect(balancers.power_of_two(told(...chance)).pick(endpoints(...figures))?.id).toBe(expected);
  });

  it('draws two different endpoints, each pair of equals as often', () => {
    const random = seeded(3);
    const pairs = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const all = endpoints({}, {}, {}, {});
      const first = draw(all, random() * 4) as Endpoint;
      const pair = [first.id, draw(all, random() * 3, first)?.id].sort().join(' ');
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect([...pairs.values()].filter((count) => Math.abs(count - 1000) < 120)).toHaveLength(6);
  });

  it('draws heavy endpoints more often', () => {
    const all = endpoints({ weight: 1 }, { weight: 3 });
    expect([0, 0.99, 1, 3.99].map((way) => draw(all, way)?.id)).toEqual(['e0', 'e0', 'e1', 'e1']);
  });

  it('never picks the busiest of three', () => {
    const all = endpoints({ inFlight: 9 }, { inFlight: 1 }, { inFlight: 2 });
    expect(spread(balancers.power_of_two(seeded(4)), all, 300)[0]).toBe(0);
  });
});

describe('peak_ewma', () => {
  const first = told(0, 0);
  it.each([
    ['the faster one', [{ latencyMs: 50 }, { latencyMs: 10 }], 'e1'],
    [
      'the slower one when the faster has a queue',
      [{ latencyMs: 10, inFlight: 12 }, { latencyMs: 50 }],
      'e1',
    ],
    [
      'the first drawn of equals, whatever they weigh',
      [{ latencyMs: 10 }, { latencyMs: 10, weight: 2 }],
      'e0',
    ],
    ['one that was never measured, while it is idle', [{ latencyMs: 1 }, {}], 'e1'],
    [
      'any other while that one owes its first answer',
      [{ inFlight: 1 }, { latencyMs: 9000, inFlight: 20 }],
      'e1',
    ],
    ['the emptier of two that owe it', [{ inFlight: 2 }, { inFlight: 1 }], 'e1'],
  ])('picks %s', (_name, figures: Figures[], expected) => {
    const all = endpoints(...figures);
    for (const endpoint of all) endpoint.measuredAt = performance.now();
    expect(balancers.peak_ewma(first).pick(all, from('a'))?.id).toBe(expected);
  });

  it('draws no crowd to an endpoint that hangs', () => {
    const all = endpoints({}, { latencyMs: 20 }, { latencyMs: 20 });
    for (const endpoint of all) endpoint.measuredAt = performance.now();
    expect(spread(balancers.peak_ewma(seeded(5)), all, 300, true)[0]).toBe(1);
  });

  it('tries an endpoint that was slow once again, in time', () => {
    const [slow, other] = endpoints({ latencyMs: 5000 }, { latencyMs: 50 }) as [Endpoint, Endpoint];
    slow.measuredAt = 0;
    other.measuredAt = 120_000;
    const x = { startedAt: 120_000 } as Exchange;
    expect(balancers.peak_ewma(first).pick([slow, other], x)).toBe(slow);
  });
});

describe('rendezvous', () => {
  const clients = Array.from({ length: 2000 }, (_, i) => `client ${i}`);

  it('brings a client to the same endpoint, whatever the order and the load', () => {
    const all = endpoints({}, { inFlight: 9 }, {}, {});
    for (const client of clients.slice(0, 50)) {
      const picked = balancers.rendezvous().pick(all, from(client));
      expect(balancers.rendezvous().pick([...all].reverse(), from(client))).toBe(picked);
    }
  });

  it('moves the gone endpoint’s clients and nobody else', () => {
    const all = endpoints({}, { weight: 3 }, {}, {});
    for (const gone of all) {
      const rest = all.filter((endpoint) => endpoint !== gone);
      const moved = new Set<string>();
      for (const client of clients.slice(0, 500)) {
        const before = highest(all, client);
        const after = highest(rest, client);
        if (before === gone) moved.add(after?.id as string);
        else expect(after).toBe(before);
      }
      expect(moved.size).toBe(3);
    }
  });

  it('goes by the endpoint’s name, so that every gateway picks alike', () => {
    const [a, b] = [endpoints({}, {}, {}), endpoints({}, {}, {})];
    for (const client of clients.slice(0, 50)) expect(highest(a, client)?.id).toBe(highest(b, client)?.id);
  });
});
