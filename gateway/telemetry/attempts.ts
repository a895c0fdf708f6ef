// Attempts: times what upstream endpoints do, one observation for each attempt.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Failure } from '../core/failure.ts';
import { Batch } from './batch.ts';
import type { Figures } from './figures.ts';
import type { Histogram, Instruments, Labels } from './instruments.ts';
import { isOperation, type Known, nameLabel, Operations } from './operations.ts';

interface EndedAttempt {
  readonly x: Exchange;
  readonly endpoint: Endpoint;
  readonly errorType: string | undefined;
  readonly tookMs: number;
  /** Monotonic ms. */
  readonly now: number;
}

/** Records the attempts at all endpoints. */
export class Attempts {
  readonly #histogram: Histogram;
  readonly #figures: Figures;
  readonly #known: Known;
  readonly #ended: Batch<EndedAttempt>;
  readonly #byEndpoint = new WeakMap<Endpoint, Operations>();

  /** `failed` is told of what goes wrong here; no call does. */
  constructor(instruments: Instruments, figures: Figures, known: Known, failed: (problem: unknown) => void) {
    this.#histogram = instruments.histogram('mcp_client_operation_duration_seconds');
    this.#figures = figures;
    this.#known = known;
    this.#ended = new Batch((attempt) => this.#record(attempt), failed);
  }

  /** Told at the end of each attempt, before the exchange goes on. */
  ended(x: Exchange, endpoint: Endpoint, failure: Failure | undefined): void {
    const now = performance.now();
    const tookMs = now - x.sentAt;
    x.upstreamMs += tookMs;
    this.#ended.add({ x, endpoint, errorType: errorTypeOf(x, failure), tookMs, now });
  }

  /** Records what has been told so far. */
  flush(): void {
    this.#ended.flush();
  }

  #record({ x, endpoint, errorType, tookMs, now }: EndedAttempt): void {
    const operations = this.#operations(endpoint);
    if (!x.stream) this.#figures.attempt(endpoint, tookMs, errorType, now);
    const { envelope } = x;
    if (isOperation(envelope)) {
      const name = nameLabel(this.#known, endpoint.pool, envelope);
      operations.series(x, envelope, name, errorType).record(tookMs / 1000);
      return;
    }
    for (const item of envelope.items) {
      if (!isOperation(item)) continue;
      const name = nameLabel(this.#known, endpoint.pool, item);
      operations.series(x, item, name, errorType).record(tookMs / 1000);
    }
  }

  #operations(endpoint: Endpoint): Operations {
    let operations = this.#byEndpoint.get(endpoint);
    if (operations === undefined) {
      operations = new Operations(this.#histogram, serverOf(endpoint));
      this.#byEndpoint.set(endpoint, operations);
    }
    return operations;
  }
}

/** Why an attempt did not succeed; an answer with a bad status says it best itself. */
export function errorTypeOf(x: Exchange, failure: Failure | undefined): string | undefined {
  if (failure === undefined || failure.kind === 'status') return x.errorType ?? failure?.kind;
  return failure.kind;
}

const servers = new WeakMap<Endpoint, Labels>();

/** An endpoint as the conventions name a server. */
export function serverOf(endpoint: Endpoint): Labels {
  let server = servers.get(endpoint);
  if (server === undefined) {
    const { hostname, port, protocol } = new URL(endpoint.url);
    server = {
      'server.address': hostname,
      'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    };
    servers.set(endpoint, server);
  }
  return server;
}
