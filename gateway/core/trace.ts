// Traces: what an exchange and those who forward it know of distributed tracing, which is made elsewhere.
import type { Endpoint } from './endpoint.ts';
import type { AttemptEnd } from './failure.ts';

/** What the next hop is told (W3C Trace Context). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** One attempt's part of a trace. */
export interface AttemptTrace extends TraceContext {
  /** The attempt is over. */
  end(how: AttemptEnd): void;
}

/** The trace of one exchange. */
export interface Trace {
  /** Hexadecimal; undefined for what is not traced. */
  readonly traceId: string | undefined;
  /** Begins an attempt; undefined for what is no operation, such as a GET stream. */
  attempt(endpoint: Endpoint): AttemptTrace | undefined;
}
