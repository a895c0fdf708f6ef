// The OTEL_* environment: what of OpenTelemetry's own configuration the SDK leaves to whoever sets it up.

/** What is exported, to where the exporters' own variables say. */
export interface ExportPlan {
  readonly traces: TracesPlan | undefined;
  readonly metrics: MetricsPlan | undefined;
  readonly propagators: Propagators;
  /** Values that are not understood, in words; the default is taken for them. */
  readonly problems: readonly string[];
}

/** What context is taken from clients and passed on to servers, `OTEL_PROPAGATORS`. */
export interface Propagators {
  /** `traceparent` and `tracestate`. */
  readonly trace: boolean;
  readonly baggage: boolean;
}

/** OpenTelemetry's own default. */
export const allPropagators: Propagators = { trace: true, baggage: true };

/** The encodings of OTLP over HTTP. */
export type Protocol = 'http/json' | 'http/protobuf';

export interface TracesPlan {
  readonly protocol: Protocol;
  /** `OTEL_TRACES_SAMPLER` and its argument, a share of 1. */
  readonly sampler: SamplerName;
  readonly ratio: number;
  readonly batch: {
    readonly scheduledDelayMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
    readonly exportTimeoutMillis: number;
  };
}

export interface MetricsPlan {
  readonly protocol: Protocol;
  readonly exportIntervalMillis: number;
  readonly exportTimeoutMillis: number;
}

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export type SamplerName = (typeof samplers)[number];

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the environment: a signal is exported where its exporter is `otlp`, or unset while an OTLP endpoint is. */
export function exportPlan(env: Env): ExportPlan {
  const problems: string[] = [];
  const reader = new Reader(env, problems);
  const propagators = reader.propagators();
  // This "has no effect on propagators" (OpenTelemetry, "Environment Variable Specification").
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') {
    return { traces: undefined, metrics: undefined, propagators, problems };
  }
  const traces: TracesPlan | undefined = reader.exports('TRACES')
    ? {
        protocol: reader.protocol('TRACES'),
        sampler: reader.word('OTEL_TRACES_SAMPLER', samplers, 'parentbased_always_on'),
        ratio: reader.number('OTEL_TRACES_SAMPLER_ARG', 1, 1),
        batch: batchOf(reader),
      }
    : undefined;
  const metrics: MetricsPlan | undefined = reader.exports('METRICS')
    ? { protocol: reader.protocol('METRICS'), ...intervalOf(reader) }
    : undefined;
  return { traces, metrics, propagators, problems };
}

function batchOf(reader: Reader): TracesPlan['batch'] {
  const maxQueueSize = reader.number('OTEL_BSP_MAX_QUEUE_SIZE', 2048);
  return {
    scheduledDelayMillis: reader.number('OTEL_BSP_SCHEDULE_DELAY', 5000),
    maxQueueSize,
    maxExportBatchSize: Math.min(maxQueueSize, reader.number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
    exportTimeoutMillis: reader.number('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  };
}

function intervalOf(reader: Reader): Omit<MetricsPlan, 'protocol'> {
  const exportIntervalMillis = Math.max(1, reader.number('OTEL_METRIC_EXPORT_INTERVAL', 60_000));
  const exportTimeoutMillis = reader.number('OTEL_METRIC_EXPORT_TIMEOUT', 30_000);
  return { exportIntervalMillis, exportTimeoutMillis: Math.min(exportTimeoutMillis, exportIntervalMillis) };
}

class Reader {
  readonly #env: Env;
  readonly #problems: string[];

  constructor(env: Env, problems: string[]) {
    this.#env = env;
    this.#problems = problems;
  }

  exports(signal: 'TRACES' | 'METRICS'): boolean {
    const name = `OTEL_${signal}_EXPORTER`;
    const exporters = this.#value(name)?.split(',') ?? [];
    if (exporters.length === 0) {
      const endpoints = ['OTEL_EXPORTER_OTLP_ENDPOINT', `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
      return endpoints.some((endpoint) => this.#value(endpoint) !== undefined);
    }
    // Metrics can always be scraped, so `prometheus` asks for nothing more.
    for (const exporter of exporters.map((one) => one.trim())) {
      if (exporter === 'otlp' || exporter === 'none') continue;
      if (exporter === 'prometheus' && signal === 'METRICS') continue;
      this.#problems.push(`${name}: ${exporter} is not one of otlp, none`);
    }
    return exporters.some((one) => one.trim() === 'otlp');
  }

  /** Names that are not known count for nothing; where none is known the default stands. */
  propagators(): Propagators {
    const names = this.#value('OTEL_PROPAGATORS')?.split(',') ?? [];
    const known = names.map((name) => name.trim()).filter((name) => this.#isPropagator(name));
    if (known.length === 0) return allPropagators;
    return { trace: known.includes('tracecontext'), baggage: known.includes('baggage') };
  }

  #isPropagator(name: string): boolean {
    if (name === 'tracecontext' || name === 'baggage' || name === 'none') return true;
    if (name !== '')
      this.#problems.push(`OTEL_PROPAGATORS: ${name} is not one of tracecontext, baggage, none`);
    return false;
  }

  protocol(signal: string): Protocol {
    const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
    const name = this.#value(own) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own;
    return this.word(name, ['http/protobuf', 'http/json'], 'http/protobuf');
  }

  word<T extends string>(name: string, words: readonly T[], otherwise: T): T {
    const value = this.#value(name);
    if (value === undefined) return otherwise;
    const known = words.find((word) => word === value);
    if (known === undefined) this.#problems.push(`${name}: not one of ${words.join(', ')}`);
    return known ?? otherwise;
  }

  number(name: string, otherwise: number, max = Number.POSITIVE_INFINITY): number {
    const value = this.#value(name);
    if (value === undefined) return otherwise;
    const number = Number(value);
    if (number >= 0 && number <= max) return number;
    this.#problems.push(`${name}: not a number that is good here`);
    return otherwise;
  }

  /** An empty value means unset (OpenTelemetry, "Environment Variable Specification"). */
  #value(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }
}
