// Prometheus text: what /metrics shows, written by OpenTelemetry's serializer.
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { unitWord } from './metric-names.ts';

const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

/** The metrics as Prometheus text, format 0.0.4. */
export function prometheusText({ resource, scopeMetrics }: ResourceMetrics): string {
  return serializer.serialize({
    resource,
    scopeMetrics: scopeMetrics.map((scoped) => ({ ...scoped, metrics: scoped.metrics.map(withUnit) })),
  });
}

/**
 * The serializer leaves out the unit that a name must end with (OpenTelemetry, Prometheus compatibility, "Metric
 * Metadata"; opentelemetry-js#5830); without it a scrape and OTLP through a collector would give different names.
 */
function withUnit(metric: MetricData): MetricData {
  const { descriptor } = metric;
  const word = unitWord(descriptor.unit);
  if (word === undefined) return metric;
  return { ...metric, descriptor: { ...descriptor, name: `${descriptor.name}.${word}`, unit: word } };
}
