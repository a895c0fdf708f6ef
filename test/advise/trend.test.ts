// Trends: the statistics behind the leak rule, held to known values and to how often they are wrong.
import { describe, expect, it } from 'vitest';
import { correlation, mannKendall, median, theilSen } from '../../gateway/advise/trend.ts';
import { seeded } from './figures.ts';

describe('trends', () => {
  it('are measured as the textbooks do', () => {
    // Gilbert, "Statistical Methods for Environmental Pollution Monitoring", 1987: S = 6 for a rise of four.
    expect(mannKendall([1, 2, 3, 4])).toBeCloseTo(5 / Math.sqrt((4 * 3 * 13) / 18), 10);
    expect(mannKendall([3, 3, 3, 3])).toBe(0);
    expect(theilSen([0, 2, 4, 600, 8, 10])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(correlation([1, 2, 3], [10, 20, 30])).toBeCloseTo(1, 10);
    expect(correlation([1, 2, 3], [5, 5, 5])).toBe(0);
  });

  it('find a rise in noise, and rarely one where there is none', () => {
    const risen = (slope: number) => {
      let count = 0;
      for (let seed = 1; seed <= 200; seed++) {
        const random = seeded(seed * 7919);
        const values = Array.from({ length: 60 }, (_, i) => slope * i + 10 * random());
        if (mannKendall(values) > 2.33) count++;
      }
      return count;
    };
    expect(risen(1)).toBe(200);
    expect(risen(0)).toBeLessThan(8);
  });
});
