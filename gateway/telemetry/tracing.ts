// Tracing: a SERVER span for each request of a client and a CLIENT span for each attempt, by OpenTelemetry's MCP conventions.
import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { AttemptEnd } from '../core/failure.ts';
import type { Stage } from '../core/stage.ts';
import type { AttemptTrace, Trace } from '../core/trace.ts';
import { errorTypeOf, serverOf } from './attempts.ts';
import { isOperation, type Known, nameLabel } from './operations.ts';
import { messageAttributes, spanMethod } from './span-attributes.ts';
import { callersOf, type ParentSpan } from './trace-context.ts';

/** What spans are made with. */
export interface TracingSettings {
  readonly tracer: Tracer;
  readonly known: Known;
}

/** The stage that gives the exchanges of a pool their trace. */
export function traceStage(settings: TracingSettings): (pool: string) => Stage {
  return (pool) => (next) => (x) => {
    const trace = new ExchangeTrace(x, pool, settings);
    x.trace = trace;
    x.defer(() => trace.end());
    return next(x);
  };
}

/** The trace of one exchange; its SERVER span is begun when the message is known, with the time of its first byte. */
class ExchangeTrace implements Trace {
  readonly #x: Exchange;
  readonly #pool: string;
  readonly #settings: TracingSettings;
  #span: Span | undefined = undefined;
  #tracestate: string | undefined = undefined;
  /** `{method} {tool or prompt}`, for both spans. */
  #name = '';

  constructor(x: Exchange, pool: string, settings: TracingSettings) {
    this.#x = x;
    this.#pool = pool;
    this.#settings = settings;
  }

  attempt(endpoint: Endpoint): AttemptTrace | undefined {
    const server = this.#serverSpan();
    if (server === undefined) return undefined;
    const { tracer } = this.#settings;
    const span = tracer.startSpan(
      this.#name,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...messageAttributes(this.#x),
          ...serverOf(endpoint),
          'mcp.gateway.pool': endpoint.pool,
          'mcp.gateway.attempt': this.#x.attempts,
        },
      },
      trace.setSpan(ROOT_CONTEXT, server),
    );
    return new AttemptSpan(span, this.#x, this.#tracestate);
  }

  /** The exchange is over. */
  end(): void {
    const x = this.#x;
    const span = this.#serverSpan();
    if (span === undefined) return;
    span.setAttribute('mcp.gateway.attempts', x.attempts);
    finish(span, x.errorType);
  }

  get traceId(): string | undefined {
    return this.#span?.spanContext().traceId;
  }

  #serverSpan(): Span | undefined {
    const x = this.#x;
    const { envelope } = x;
    if (this.#span !== undefined || !(isOperation(envelope) || envelope.kind === 'batch')) return this.#span;
    const { tracer, known } = this.#settings;
    const { parent, ambient } = callersOf(x);
    const method = spanMethod(envelope);
    const label = nameLabel(known, this.#pool, envelope);
    this.#name = label === '' ? method : `${method} ${label}`;
    this.#tracestate = parent?.tracestate;
    const attributes: Attributes = {
      ...messageAttributes(x),
      'client.address': x.inbound.client,
      'mcp.gateway.pool': this.#pool,
    };
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote(parent));
    const links = ambient === undefined ? [] : [{ context: remote(ambient) }];
    const startTime = performance.timeOrigin + x.startedAt;
    this.#span = tracer.startSpan(
      this.#name,
      { kind: SpanKind.SERVER, startTime, attributes, links },
      context,
    );
    return this.#span;
  }
}

/** One attempt's span. */
class AttemptSpan implements AttemptTrace {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  readonly #span: Span;
  readonly #x: Exchange;

  constructor(span: Span, x: Exchange, tracestate: string | undefined) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
    this.tracestate = tracestate;
    this.#span = span;
    this.#x = x;
  }

  end(how: AttemptEnd): void {
    const errorType = errorTypeOf(this.#x, typeof how === 'object' ? how : undefined);
    finish(this.#span, errorType ?? (how === 'abandoned' ? 'cancelled' : undefined));
  }
}

/** Only what has an error type has an error status; the text of an error may hold anything and stays out. */
function finish(span: Span, errorType: string | undefined): void {
  if (errorType !== undefined) {
    span.setAttribute('error.type', errorType);
    if (/^-?\d+$/.test(errorType)) span.setAttribute('rpc.response.status_code', errorType);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function remote({ traceId, spanId, traceFlags, tracestate }: ParentSpan): SpanContext {
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return tracestate === undefined ? context : { ...context, traceState: createTraceState(tracestate) };
}
