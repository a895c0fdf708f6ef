// Histograms of durations: close enough, whatever the order, and the same when added up.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from '../../gateway/advise/histogram.ts';

const durations = fc.array(fc.double({ min: 0.1, max: 600_000, noNaN: true }), {
  minLength: 1,
  maxLength: 60,
});

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('a quantile is known to an eighth of an octave, in whatever order durations come', () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(q * sorted.length) - 1] as number;
      const known = of(values).quantile(q);
      expect(known / exact).toBeGreaterThan(2 ** (-1 / 8) * 0.999);
      expect(known / exact).toBeLessThan(2 ** (1 / 8) * 1.04);
    }),
  );
});

test('histograms added up are one of all that they counted', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const sum = of(some);
      sum.add(of(others));
      const all = of([...some, ...others]);
      expect(sum.count).toBe(all.count);
      for (const q of [0.5, 0.95, 0.99, 1]) expect(sum.quantile(q)).toBe(all.quantile(q));
    }),
  );
});

test('without calls there is no duration', () => {
  const sum = of([]);
  sum.add(of([]));
  expect(sum.quantile(0.5)).toBe(0);
});
