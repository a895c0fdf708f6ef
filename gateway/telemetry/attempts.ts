// Attempts: times what upstream endpoints do, one observation for each attempt.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Failure } from '../core/failure.ts';
import type { Figures } from './figures.ts';
import type { Histogram, Instruments } from './instruments.ts';
import { isOperation, type KnowsTool, Operations, toolLabel } from './operations.ts';

/** Records the attempts at all endpoints. */
export class Attempts {
  readonly #histogram: Histogram;
  readonly #figures: Figures;
  readonly #knowsTool: KnowsTool;
  readonly #byEndpoint = new WeakMap<Endpoint, Operations>();

  constructor(instruments: Instruments, figures: Figures, knowsTool: KnowsTool) {
    this.#histogram = instruments.histogram('mcp_client_operation_duration_seconds');
    this.#figures = figures;
    this.#knowsTool = knowsTool;
  }

  /** Told at the end of each attempt, before the exchange goes on. */
  ended(x: Exchange, endpoint: Endpoint, failure: Failure | undefined): void {
    const now = performance.now();
    const tookMs = now - x.sentAt;
    x.upstreamMs += tookMs;
    const operations = this.#operations(endpoint);
    const errorType =
      failure === undefined || failure.kind === 'status' ? (x.errorType ?? failure?.kind) : failure.kind;
    if (!x.stream) this.#figures.attempt(endpoint, tookMs, errorType, now);
    const { envelope } = x;
    if (isOperation(envelope)) {
      const tool = toolLabel(this.#knowsTool, endpoint.pool, envelope);
      operations.series(x, envelope, tool, errorType).record(tookMs / 1000);
      return;
    }
    for (const item of envelope.items) {
      if (!isOperation(item)) continue;
      const tool = toolLabel(this.#knowsTool, endpoint.pool, item);
      operations.series(x, item, tool, errorType).record(tookMs / 1000);
    }
  }

  #operations(endpoint: Endpoint): Operations {
    let operations = this.#byEndpoint.get(endpoint);
    if (operations === undefined) {
      const { hostname, port, protocol } = new URL(endpoint.url);
      operations = new Operations(this.#histogram, {
        'server.address': hostname,
        'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      });
      this.#byEndpoint.set(endpoint, operations);
    }
    return operations;
  }
}
