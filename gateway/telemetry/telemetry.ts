// Telemetry: everything one process tells of itself; outlives reloads of the configuration.
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Failure } from '../core/failure.ts';
import type { RefusalReason } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Slots } from '../core/slots.ts';
import type { Stage } from '../core/stage.ts';
import { Attempts } from './attempts.ts';
import type { LogEvent } from './events.ts';
import { Figures } from './figures.ts';
import { Instruments, type Labels, type Reading } from './instruments.ts';
import type { Logger } from './logger.ts';
import type { CounterName, GaugeName } from './metric-names.ts';
import type { CallWatcher } from './observe.ts';
import { Observer } from './observe.ts';
import { type Known, type KnowsTool, OTHER, toolLabel } from './operations.ts';
import { allPropagators, exportPlan, type Propagators } from './otel-environment.ts';
import type { Exports } from './otlp.ts';
import { processMetrics } from './process-metrics.ts';
import { SessionDurations } from './session-durations.ts';
import { Shortages } from './shortages.ts';

/** Clients that a gauge tells apart. */
const MAX_CLIENTS = 200;

/** How long the last exports may take, in ms. */
const EXPORT_CLOSE_MS = 2000;

export interface TelemetrySettings {
  readonly logger: Logger;
  /** Version of the gateway. */
  readonly version: string;
  readonly knowsTool: KnowsTool;
  /** Without it every prompt is counted under one label. */
  readonly knowsPrompt?: KnowsTool;
  readonly callEnded?: CallWatcher;
}

/** Records what happens and shows it. */
export class Telemetry {
  /** For the counters and histograms of other concerns; ask for a series once and keep it. */
  readonly instruments = new Instruments();
  /** What context is taken from clients and passed on. */
  propagators: Propagators = allPropagators;
  /** What happened lately, for the page and the advice. */
  readonly figures = new Figures();
  readonly shortages: Shortages;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #observer: Observer;
  readonly #attempts: Attempts;
  readonly #sessions: SessionDurations;
  readonly #endProcessMetrics: () => void;
  readonly #known: Known;
  #producer: MetricProducer | undefined;
  #exports: Exports | undefined;
  #trace: ((pool: string) => Stage) | undefined;

  constructor({ logger, version, knowsTool, knowsPrompt = () => false, callEnded }: TelemetrySettings) {
    this.#logger = logger;
    this.#version = version;
    this.shortages = new Shortages(logger);
    this.#known = { tool: knowsTool, prompt: knowsPrompt };
    this.#observer = new Observer(this.instruments, this.figures, logger, this.#known, callEnded);
    this.#attempts = new Attempts(this.instruments, this.figures, this.#known, (problem) =>
      this.#observer.report(problem),
    );
    this.#sessions = new SessionDurations(this.instruments);
    this.#endProcessMetrics = processMetrics(this.instruments, version);
    this.byClient('mcp_gateway_in_flight', () => this.#inFlight());
    this.instruments.read('mcp_gateway_streams', () => this.#streams());
    this.instruments.read('mcp_gateway_log_lines_dropped_total', () => [[{}, logger.dropped]]);
  }

  /** The outermost stage for the exchanges of a pool: counts, times, logs. */
  observe(pool: string): Stage {
    return this.#observer.stage(pool);
  }

  /** The answer to an exchange whose handler has thrown, which whoever calls the handler asks for. */
  rescue(x: Exchange, thrown: unknown): Reply {
    return this.#observer.rescue(x, thrown);
  }

  /** The stage that traces the exchanges of a pool; undefined where no spans are exported. Stands within `observe`. */
  trace(pool: string): Stage | undefined {
    return this.#trace?.(pool);
  }

  /** Starts the exports that `env` (OTEL_*) asks for; to be awaited before stages are made. */
  async startExports(env: Readonly<Record<string, string | undefined>>): Promise<void> {
    const plan = exportPlan(env);
    this.propagators = plan.propagators;
    for (const message of plan.problems) this.#logger.log({ event: 'otel_environment', message });
    if (plan.traces === undefined && plan.metrics === undefined) return;
    const [{ startExports }, { traceStage }] = await Promise.all([
      import('./otlp.ts'),
      import('./tracing.ts'),
    ]);
    const failed = (message: string) => this.#logger.log({ event: 'export_failed', message });
    this.#exports = await startExports(plan, this.#version, () => this.producer(), failed);
    const { tracer } = this.#exports;
    if (tracer !== undefined) this.#trace = traceStage({ tracer, known: this.#known });
  }

  /** Told at the end of each attempt; `failure` is what broke, if anything. */
  readonly watchAttempt = (x: Exchange, endpoint: Endpoint, failure: Failure | undefined): void =>
    this.#attempts.ended(x, endpoint, failure);

  /** Told when a session of `revision` has ended that was opened at `openedAt`, in seconds since the epoch. */
  readonly sessionEnded = (
    openedAt: number,
    revision: string | undefined,
    endpoint: Endpoint | undefined,
  ): void => this.#sessions.ended(openedAt, revision, endpoint);

  /** Counts a refusal that was given before there was an exchange. */
  refused(reason: RefusalReason): void {
    this.#observer.refused(reason);
  }

  /** Has a gauge's values read at each collection; a second reading of the same name takes the first one's place. */
  gauge(name: GaugeName, reading: Reading): void {
    this.instruments.read(name, reading);
  }

  /** Counts a call under its pool and tool. */
  countCall(name: CounterName, pool: string, x: Exchange): void {
    this.instruments
      .counter(name)
      .series({ pool, tool: toolLabel(this.#known.tool, pool, x.envelope) })
      .add();
  }

  /** Has a gauge by client read at each collection; beyond a number of clients the rest share a label. */
  byClient(name: GaugeName, counts: () => Iterable<readonly [client: string, count: number]>): void {
    this.instruments.read(name, () => labelled(counts()));
  }

  /** Logs a change of state of something that the gateway depends on; an empty `message` is left out. */
  tell(event: LogEvent, message: string): void {
    this.#logger.log(message === '' ? { event } : { event, message });
  }

  /** Logs a change of an endpoint's state. */
  readonly tellEndpoint = (endpoint: Endpoint, event: LogEvent, reason: string | undefined): void =>
    this.#logger.log({ event, pool: endpoint.pool, endpoint: endpoint.label, reason });

  /** Exchanges begun and not yet ended, streams included. */
  get live(): Slots<Exchange> {
    return this.#observer.live;
  }

  /** The metrics as OpenTelemetry data, for a reader's `metricProducers`. Loaded when first asked for: it takes 100 ms. */
  async producer(): Promise<MetricProducer> {
    if (this.#producer === undefined) {
      const { InstrumentsProducer } = await import('./producer.ts');
      this.#producer ??= new InstrumentsProducer(this.instruments, this.#version);
    }
    return this.#producer;
  }

  /** The metrics as Prometheus text. */
  async render(): Promise<string> {
    this.flush();
    const [producer, { prometheusText }] = await Promise.all([this.producer(), import('./prometheus.ts')]);
    const { resourceMetrics, errors } = await producer.collect();
    for (const error of errors) this.#logger.log({ event: 'metric_unreadable', message: String(error) });
    return prometheusText(resourceMetrics);
  }

  /** Records the calls that have ended: to be called before figures are read. */
  flush(): void {
    this.#attempts.flush();
    this.#observer.flush();
  }

  /** Sends what is still to be exported and ends what runs beside the requests. */
  async close(): Promise<void> {
    this.flush();
    this.#endProcessMetrics();
    await this.#exports?.close(EXPORT_CLOSE_MS);
  }

  *#inFlight(): Iterable<readonly [client: string, count: number]> {
    for (const x of this.live) if (!x.stream) yield [x.principal.id, 1];
  }

  #streams(): Iterable<readonly [Labels, number]> {
    let get = 0;
    let listen = 0;
    for (const x of this.live) {
      if (!x.stream) continue;
      if (x.inbound.method === 'GET') get++;
      else listen++;
    }
    return [
      [{ kind: 'get' }, get],
      [{ kind: 'listen' }, listen],
    ];
  }
}

/** Sums counts by client, the many beyond the first ones under one label. */
function labelled(counts: Iterable<readonly [client: string, count: number]>): [Labels, number][] {
  const sums = new Map<string, number>();
  for (const [id, count] of counts) {
    const client = sums.has(id) || sums.size < MAX_CLIENTS ? id : OTHER;
    sums.set(client, (sums.get(client) ?? 0) + count);
  }
  return Array.from(sums, ([client, count]) => [{ client }, count]);
}
