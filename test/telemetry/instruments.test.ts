// Instruments: what they count, in which bucket, and how many series they keep.
import { describe, expect, it } from 'vitest';
import {
  CounterSeries,
  HistogramSeries,
  Instrument,
  Instruments,
} from '../../gateway/telemetry/instruments.ts';
import { metrics } from '../../gateway/telemetry/metric-names.ts';

describe('a histogram', () => {
  it.each([
    [0, 0],
    [0.1, 0],
    [0.1000001, 1],
    [1, 1],
    [5, 2],
    [5.1, 3],
    [Number.POSITIVE_INFINITY, 3],
  ])('counts %f in bucket %i: bounds are inclusive, and the last bucket has none', (value, bucket) => {
    const series = new HistogramSeries({}, [0.1, 1, 5]);
    series.record(value);
    expect(series.counts).toEqual([0, 1, 2, 3].map((i) => (i === bucket ? 1 : 0)));
  });

  it('adds up what it was given', () => {
    const series = new HistogramSeries({}, [1]);
    for (const value of [0.25, 0.5, 4]) series.record(value);
    expect(series.sum).toBe(4.75);
    expect(series.counts).toEqual([2, 1]);
  });

  it('of MCP durations has the boundaries of the conventions', () => {
    const conventions = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
    expect(metrics.mcp_server_operation_duration_seconds.buckets).toEqual(conventions);
    expect(metrics.mcp_client_operation_duration_seconds.buckets).toEqual(conventions);
  });
});

describe('an instrument', () => {
  const make = (max?: number) =>
    new Instrument('mcp_gateway_refusals_total', (labels) => new CounterSeries(labels), max);

  it('gives the same series for the same labels', () => {
    const counter = make();
    expect(counter.series({ reason: 'a' })).toBe(counter.series({ reason: 'a' }));
    expect(counter.series({ reason: 'a' })).not.toBe(counter.series({ reason: 'b' }));
  });

  it('keeps a bounded number of series and lets the rest share one', () => {
    const counter = make(3);
    for (let i = 0; i < 10; i++) counter.series({ reason: `r${i}` }).add();
    expect(counter.all().map(({ labels, value }) => [labels, value])).toEqual([
      [{ reason: 'r0' }, 1],
      [{ reason: 'r1' }, 1],
      [{ reason: 'r2' }, 1],
      [{ 'otel.metric.overflow': 'true' }, 7],
    ]);
    counter.series({ reason: 'r1' }).add(5);
    expect(counter.series({ reason: 'r1' }).value).toBe(6);
  });

  it('is one for each name', () => {
    const instruments = new Instruments();
    expect(instruments.counter('mcp_gateway_refusals_total')).toBe(
      instruments.counter('mcp_gateway_refusals_total'),
    );
    expect(instruments.histogram('mcp_gateway_overhead_seconds')).toBe(
      instruments.histogram('mcp_gateway_overhead_seconds'),
    );
  });
});
