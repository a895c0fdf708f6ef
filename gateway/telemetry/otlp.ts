// OTLP: the exporters of spans and metrics; loaded only where OTEL_* asks for one, since they take time and memory.
import { randomUUID } from 'node:crypto';
import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import {
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import type { ExportPlan, MetricsPlan, SamplerName, TracesPlan } from './otel-environment.ts';

/** What is exported, and its end. */
export interface Exports {
  /** Undefined where no spans are exported. */
  readonly tracer: Tracer | undefined;
  /** Sends what is left, within `withinMs`, and ends. */
  close(withinMs: number): Promise<void>;
}

/** Characters of an exporter's complaint that are told. */
const MAX_COMPLAINT = 300;

/** Starts what the plan says. `producer` gives the metrics; `failed` is told of exports that did not get through. */
export async function startExports(
  plan: ExportPlan,
  version: string,
  producer: () => Promise<MetricProducer>,
  failed: (message: string) => void,
): Promise<Exports> {
  const error = (message: string) => failed(message.slice(0, MAX_COMPLAINT));
  const quiet = () => undefined;
  diag.setLogger(
    { error, warn: error, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const own = {
    'service.name': 'mcp-gateway',
    'service.version': version,
    // Processes of one host must not be taken for each other.
    'service.instance.id': randomUUID(),
  };
  // What the environment says goes before what the program says of itself.
  const resource = resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }));
  const traces = plan.traces && (await startTraces(plan.traces, resource));
  const metrics = plan.metrics && (await startMetrics(plan.metrics, resource, await producer()));
  return {
    tracer: traces?.getTracer('mcp-gateway', version),
    async close(withinMs) {
      const ended = Promise.allSettled([traces?.shutdown(), metrics?.shutdown()]);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([ended, late]);
      clearTimeout(timer);
    },
  };
}

async function startTraces({ protocol, sampler, ratio, batch }: TracesPlan, resource: Resource) {
  const [sdk, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    protocol === 'http/json'
      ? import('@opentelemetry/exporter-trace-otlp-http')
      : import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  const exporter = new OTLPTraceExporter();
  return new sdk.TracerProvider({
    resource,
    sampler: makeSampler(sdk, sampler, ratio),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, ...batch })],
  });
}

function makeSampler(sdk: typeof import('@opentelemetry/sdk-trace'), name: SamplerName, ratio: number) {
  const word = name.replace('parentbased_', '');
  const root =
    word === 'always_on'
      ? new sdk.AlwaysOnSampler()
      : word === 'always_off'
        ? new sdk.AlwaysOffSampler()
        : new sdk.TraceIdRatioBasedSampler(ratio);
  return word === name ? root : new sdk.ParentBasedSampler({ root });
}

async function startMetrics(
  { protocol, ...times }: MetricsPlan,
  resource: Resource,
  producer: MetricProducer,
) {
  const [sdk, { OTLPMetricExporter }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    protocol === 'http/json'
      ? import('@opentelemetry/exporter-metrics-otlp-http')
      : import('@opentelemetry/exporter-metrics-otlp-proto'),
  ]);
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    metricProducers: [producer],
    ...times,
  });
  return new sdk.MeterProvider({ resource, readers: [reader] });
}
