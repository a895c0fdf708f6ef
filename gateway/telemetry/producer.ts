// The producer: hands the instruments to any OpenTelemetry reader or exporter.
import { type HrTime, ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { Counter, Histogram, Instruments, Labels } from './instruments.ts';
import { type MetricName, metrics } from './metric-names.ts';

/** Data points that one reading may give in one collection. */
const MAX_READ = 2000;

/** Collects the instruments as OpenTelemetry data; give it to a reader as one of its `metricProducers`. */
export class InstrumentsProducer implements MetricProducer {
  readonly #instruments: Instruments;
  readonly #version: string;
  readonly #startTime: HrTime = toHrTime(performance.timeOrigin);

  constructor(instruments: Instruments, version: string) {
    this.#instruments = instruments;
    this.#version = version;
  }

  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = [];
    const now = toHrTime(Date.now());
    const { histograms, counters, readings } = this.#instruments;
    const collected: MetricData[] = [
      ...Array.from(histograms.values(), (histogram) => this.#histogram(histogram, now)),
      ...Array.from(counters.values(), (counter) => this.#counter(counter, now)),
    ];
    for (const [name, reading] of readings) {
      try {
        const points = Array.from(reading()).slice(0, MAX_READ);
        collected.push(
          single(
            name,
            points.map(([labels, value]) => this.#point(labels, value, now)),
          ),
        );
      } catch (error) {
        errors.push(error);
      }
    }
    const resource = resourceFromAttributes({
      'service.name': 'mcp-gateway',
      'service.version': this.#version,
    });
    const scope = { name: 'mcp-gateway', version: this.#version };
    return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: collected }] }, errors };
  }

  #histogram(histogram: Histogram, now: HrTime): MetricData {
    const boundaries = [...(metrics[histogram.name] as { buckets: readonly number[] }).buckets];
    return {
      ...head(histogram.name),
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: histogram.all().map((series) => {
        const { counts, sum } = series;
        const count = counts.reduce((total, n) => total + n, 0);
        return this.#point(series.labels, { buckets: { boundaries, counts }, sum, count }, now);
      }),
    };
  }

  #counter(counter: Counter, now: HrTime): MetricData {
    return single(
      counter.name,
      counter.all().map((series) => this.#point(series.labels, series.value, now)),
    );
  }

  #point<T>(labels: Labels, value: T, endTime: HrTime): DataPoint<T> {
    return { attributes: labels, value, startTime: this.#startTime, endTime };
  }
}

function head(row: MetricName) {
  const { name, unit, help } = metrics[row];
  return {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

function single(name: MetricName, dataPoints: DataPoint<number>[]): MetricData {
  if (metrics[name].kind === 'gauge')
    return { ...head(name), dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...head(name), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
