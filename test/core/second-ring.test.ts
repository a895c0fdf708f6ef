// The second ring: what it still counts as time goes by.
import { describe, expect, it } from 'vitest';
import { SecondRing } from '../../gateway/core/second-ring.ts';

describe('a ring of seconds', () => {
  it('counts the last ten seconds, each as a whole', () => {
    const ring = new SecondRing();
    for (const now of [1_000_100, 1_000_900, 1_005_000]) ring.add(now);
    expect(ring.total(1_009_999)).toBe(3);
    expect(ring.total(1_010_000)).toBe(1);
    expect(ring.total(1_015_000)).toBe(0);
  });

  it('forgets all over a long pause', () => {
    const ring = new SecondRing();
    for (let now = 0; now < 10_000; now += 1000) ring.add(now);
    ring.add(3_600_000);
    expect(ring.total(3_600_000)).toBe(1);
  });

  it('can be cleared', () => {
    const ring = new SecondRing();
    ring.add(5000);
    ring.clear();
    expect(ring.total(5000)).toBe(0);
  });
});
