// /metrics and OpenTelemetry data: the names that users rely on, in a form that Prometheus reads.
import { spawnSync } from 'node:child_process';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import type {
  CounterName,
  GaugeName,
  HistogramName,
  MetricName,
} from '../../gateway/telemetry/metric-names.ts';
import { metrics, unitWord } from '../../gateway/telemetry/metric-names.ts';
import { makeExchange, request } from '../core/make-exchange.ts';
import { type Observed, observed, ok } from './observed.ts';

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
if (!hasPromtool) console.warn('promtool is not installed: /metrics is not checked with it');

/** Metrics that other rooms bring into being: each gets a value with the labels that the table gives it. */
async function bringRest({ telemetry }: Observed): Promise<void> {
  const shown = await telemetry.render();
  for (const [name, row] of Object.entries(metrics)) {
    if (shown.includes(`# TYPE ${name} `)) continue;
    const labels = Object.fromEntries(row.labels.map((label) => [label, 'x']));
    if (row.kind === 'gauge') telemetry.gauge(name as GaugeName, () => [[labels, 1]]);
    else if (row.kind === 'counter')
      telemetry.instruments
        .counter(name as CounterName)
        .series(labels)
        .add();
    else
      telemetry.instruments
        .histogram(name as HistogramName)
        .series(labels)
        .record(0.1);
  }
}

/** One exchange of each kind that brings a metric into being. */
async function busy(): Promise<Observed> {
  const all = observed();
  const { telemetry, run } = all;
  const { Endpoint } = await import('../../gateway/core/endpoint.ts');
  const endpoint = new Endpoint('e1', 'search', 'http://127.0.0.1:9000/mcp', 1);
  await run(makeExchange(request('tools/call', { name: 'echo' })), async (x) => {
    x.attempts = 1;
    x.sentAt = performance.now();
    telemetry.watchAttempt(x, endpoint, undefined);
    return ok;
  });
  const labels = { pool: 'search', endpoint: 'http://127.0.0.1:9000/mcp' };
  telemetry.gauge('mcp_gateway_endpoint_up', () => [[labels, 1]]);
  telemetry.gauge('mcp_gateway_endpoint_in_flight', () => [[labels, 0]]);
  telemetry.gauge('mcp_gateway_connections', () => [[{ ...labels, state: 'free' }, 3]]);
  telemetry.gauge('mcp_gateway_client_connections', () => [[{}, 2]]);
  telemetry.gauge('mcp_gateway_config_last_reload_successful', () => [[{}, 1]]);
  await bringRest(all);
  return all;
}

describe('the table of metrics', () => {
  const rows = Object.entries(metrics) as [MetricName, (typeof metrics)[MetricName]][];

  it.each(rows)('gives %s the name that its OpenTelemetry name and unit make', (name, row) => {
    const unit = unitWord(row.unit);
    const made = row.name.replaceAll('.', '_') + (unit === undefined ? '' : `_${unit}`);
    expect(name).toBe(row.kind === 'counter' ? `${made}_total` : made);
  });

  it('holds the names that users rely on', () => {
    expect(Object.keys(metrics)).toEqual(
      expect.arrayContaining([
        'mcp_server_operation_duration_seconds',
        'mcp_client_operation_duration_seconds',
        'mcp_gateway_in_flight',
        'mcp_gateway_endpoint_in_flight',
        'mcp_gateway_endpoint_up',
        'mcp_gateway_connections',
        'mcp_gateway_client_connections',
        'mcp_gateway_refusals_total',
        'mcp_gateway_streams',
        'mcp_gateway_overhead_seconds',
        'mcp_gateway_config_last_reload_successful',
        'mcp_gateway_build_info',
        'process_resident_memory_bytes',
        'process_cpu_seconds_total',
      ]),
    );
  });
});

describe('/metrics', () => {
  it.skipIf(!hasPromtool)('passes promtool', async () => {
    const { telemetry } = await busy();
    const text = await telemetry.render();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  it('shows every metric of the table, each once, with no label that the table does not name', async () => {
    const { telemetry } = await busy();
    const text = await telemetry.render();
    const typed = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(typed.toSorted()).toEqual(['target_info', ...Object.keys(metrics)].toSorted());
    for (const line of text.split('\n').filter((each) => /^(mcp|nodejs|process)_/.test(each))) {
      const name = line.replace(/[{ ].*/, '');
      const row =
        metrics[name as MetricName] ?? metrics[name.replace(/_(bucket|sum|count)$/, '') as MetricName];
      const labels = [...line.matchAll(/([a-z_]+)="/g)].map((match) => match[1]);
      expect([...row.labels.map((label) => label.replaceAll('.', '_')), 'le']).toEqual(
        expect.arrayContaining(labels),
      );
    }
  });

  it('shows buckets as Prometheus counts them, each with all below it', async () => {
    const { telemetry, metric } = observed();
    const series = telemetry.instruments.histogram('mcp_gateway_overhead_seconds').series({});
    for (const value of [0.0001, 0.0002, 0.3, 7]) series.record(value);
    const name = 'mcp_gateway_overhead_seconds_bucket';
    expect(await metric(name)).toEqual(
      [
        ...[
          '0.0001',
          '1',
          '0.00025',
          '2',
          '0.0005',
          '2',
          '0.001',
          '2',
          '0.0025',
          '2',
          '0.005',
          '2',
          '0.01',
          '2',
        ],
        ...['0.025', '2', '0.05', '2', '0.1', '2', '0.25', '2', '0.5', '3', '1', '3', '+Inf', '4'],
      ].flatMap((le, i, all) => (i % 2 === 0 ? [`${name}{le="${le}"} ${all[i + 1]}`] : [])),
    );
  });

  it('goes on without a reading that throws, and logs it', async () => {
    const { telemetry, metric, lines } = observed();
    telemetry.gauge('mcp_gateway_endpoint_up', () => {
      throw new Error('gone');
    });
    expect(await metric('mcp_gateway_build_info')).toEqual([
      `mcp_gateway_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ]);
    expect((await lines()).map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ event: 'metric_unreadable', message: expect.stringContaining('gone') }),
    ]);
  });

  it('reads a gauge where it was last registered', async () => {
    const { telemetry, metric } = observed();
    telemetry.gauge('mcp_gateway_client_connections', () => [[{}, 1]]);
    telemetry.gauge('mcp_gateway_client_connections', () => [[{}, 2]]);
    expect(await metric('mcp_gateway_client_connections')).toEqual(['mcp_gateway_client_connections 2']);
  });
});

describe('an OpenTelemetry exporter', () => {
  it('gets the same metrics under the names and units of the conventions', async () => {
    const { telemetry } = await busy();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: 3_600_000,
      metricProducers: [await telemetry.producer()],
    });
    const provider = new MeterProvider({ readers: [reader] });
    await reader.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
      .map(({ descriptor }) => [descriptor.name, descriptor.unit]);
    await provider.shutdown();
    expect(found).toEqual(
      expect.arrayContaining(Object.values(metrics).map((row) => [row.name as string, row.unit as string])),
    );
  });
});
