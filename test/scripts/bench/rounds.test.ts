// Holds the folding of rounds into figures to its rules; no process is measured here.
import { describe, expect, it } from 'vitest';
import { toResults } from '../../../scripts/bench/rounds.ts';

const SAMPLES = new Map([
  ['direct', [{ cpu_us_per_request: 8 }, { cpu_us_per_request: 10 }]],
  [
    'gateway',
    [
      { requests_per_second: 900, p99_us: 70, cpu_us_per_request: 44, rss_bytes: 5 },
      { requests_per_second: 1000, p99_us: 10, cpu_us_per_request: 40, rss_bytes: 6 },
      { requests_per_second: 800, p99_us: 30, cpu_us_per_request: 60, rss_bytes: 4 },
    ],
  ],
]);

function figures(subject: string, baselines: string[] = []) {
  return toResults('a_case', 16, SAMPLES, baselines).filter((row) => row.subject === subject);
}

describe('the rounds of a subject', () => {
  it.each([
    ['the highest rate', 'requests_per_second', 1000],
    ['the least CPU time', 'cpu_us_per_request', 40],
    ['the tail of the median round', 'p99_us', 30],
    ['the most memory', 'rss_bytes', 6],
  ])('count by %s', (_rule, metric, value) => {
    expect(figures('gateway').find((row) => row.metric === metric)?.value).toBe(value);
  });
});

describe('a figure', () => {
  it('has a row for each baseline of its run that has the same metric', () => {
    const rows = figures('gateway', ['direct', 'nginx']).filter((row) => row.ratio_to !== undefined);
    expect(rows).toEqual([
      expect.objectContaining({
        metric: 'cpu_us_per_request',
        ratio_to: 'direct',
        ratio: 5,
        concurrency: 16,
      }),
    ]);
  });

  it('of a baseline is not compared with itself', () => {
    expect(figures('direct', ['direct'])).toEqual([
      {
        case: 'a_case',
        subject: 'direct',
        concurrency: 16,
        metric: 'cpu_us_per_request',
        value: 8,
        unit: 'us',
      },
    ]);
  });
});
