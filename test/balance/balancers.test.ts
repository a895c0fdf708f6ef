// Balancers: what all of them promise.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancerName } from '../../gateway/balance/balancer.ts';
import { balancers } from '../../gateway/balance/balancer.ts';
import { seeded } from '../support/chance.ts';
import { endpoints, figures, from, spread } from './make-endpoints.ts';

const names = Object.keys(balancers) as BalancerName[];

describe.each(names)('%s', (name) => {
  it('picks none of none', () => {
    expect(balancers[name](Math.random).pick([], from('a'))).toBeUndefined();
  });

  it('picks only of what is available, whatever was available before', () => {
    fc.assert(
      fc.property(
        figures,
        fc.array(fc.nat(255), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (figures, masks, seed) => {
          const all = endpoints(...figures);
          const balancer = balancers[name](seeded(seed));
          for (const mask of masks) {
            const available = all.filter((_, i) => (mask & (1 << i)) !== 0);
            const picked = balancer.pick(available, from(`client ${mask}`));
            if (available.length === 0) expect(picked).toBeUndefined();
            else expect(available).toContain(picked);
          }
        },
      ),
    );
  });

  it('reaches every endpoint in the long run', () => {
    const all = endpoints({}, {}, {}, {});
    expect(Math.min(...spread(balancers[name](seeded(1)), all, 400, true))).toBeGreaterThan(60);
  });

  it('gives endpoints their share by weight while requests last', () => {
    const all = endpoints({ weight: 1 }, { weight: 2 }, { weight: 5 });
    const [one, two, five] = spread(balancers[name](seeded(2)), all, 1600, true) as [number, number, number];
    // What goes by chance keeps to the weights roughly.
    const slack = name === 'power_of_two' || name === 'peak_ewma' || name === 'rendezvous' ? 60 : 1;
    expect(
      [Math.abs(one - 200) <= slack, Math.abs(two - 400) <= slack, Math.abs(five - 1000) <= slack * 2],
      `${one} ${two} ${five}`,
    ).toEqual([true, true, true]);
  });
});
