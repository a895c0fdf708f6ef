// Forward: the last handler; sends an exchange to an endpoint of the pool and moves on while nothing has been sent.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange, Running } from '../core/exchange.ts';
import type { Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler } from '../core/stage.ts';
import type { AttemptOwner } from './attempt.ts';
import { Attempt } from './attempt.ts';
import { noticeCancelled } from './cancel-notice.ts';
import type { Pool } from './pool.ts';
import { requestHeaders } from './request-headers.ts';

/** Told of each attempt's end, for metrics and health. */
export type AttemptWatcher = (x: Exchange, endpoint: Endpoint, failure: Failure | undefined) => void;

/** The handler that forwards to `pool`. */
export function forward(pool: Pool, watch: AttemptWatcher): Handler {
  return (x) => new Promise<Reply>((resolve) => new Forwarding(x, pool, watch, resolve).go());
}

/** One exchange on its way through the pool. */
class Forwarding implements AttemptOwner, Running {
  readonly #x: Exchange;
  readonly #pool: Pool;
  readonly #watch: AttemptWatcher;
  readonly #resolve: (reply: Reply) => void;
  #endpoint: Endpoint | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  #tried: Endpoint[] | undefined = undefined;
  #failure: Failure | undefined = undefined;

  constructor(x: Exchange, pool: Pool, watch: AttemptWatcher, resolve: (reply: Reply) => void) {
    this.#x = x;
    this.#pool = pool;
    this.#watch = watch;
    this.#resolve = resolve;
  }

  go(): void {
    const x = this.#x;
    const { room } = this.#pool;
    if (room !== undefined && !room.admits(x)) {
      return room.wait(
        x,
        () => this.go(),
        (why) => this.#resolve(x.refuse(why)),
      );
    }
    const endpoint = x.pinned ?? this.#pool.pick(x, this.#tried);
    if (endpoint === undefined) return this.#resolve(x.refuse(this.#exhausted()));
    this.#endpoint = endpoint;
    x.endpoint = endpoint;
    x.attempts++;
    x.sentAt = performance.now();
    const stream = x.stream;
    if (stream) endpoint.streams++;
    else endpoint.inFlight++;
    const attempt = new Attempt(x, endpoint, this, this.#pool.passesAuthorization);
    this.#attempt = attempt;
    x.onCancel = undefined;
    x.onClientGone = undefined;
    x.running = this;
    this.#pool.sockets(endpoint, stream).dispatch(
      {
        path: endpoint.path,
        method: x.inbound.method as 'POST',
        headers: requestHeaders(x, this.#pool.headerRules),
        body: x.body ?? null,
      },
      attempt,
    );
  }

  cancel(why: Refusal): void {
    this.#attempt?.abort(why);
    if (!this.#x.replied) noticeCancelled(this.#x, this.#endpoint as Endpoint, this.#pool);
  }

  clientGone(): void {
    this.#attempt?.clientGone();
  }

  reply(reply: Reply): void {
    this.#resolve(reply);
  }

  /** Only an attempt of which nothing was sent is made again elsewhere: then no server can act twice. */
  failed(failure: Failure): void {
    const x = this.#x;
    this.#failure = failure;
    x.failure = failure;
    const endpoint = this.#endpoint as Endpoint;
    if (failure.sent || x.pinned !== undefined) return this.#resolve(x.refuse(this.#asRefusal(failure)));
    this.#tried = [...(this.#tried ?? []), endpoint];
    this.go();
  }

  ended(failure: Failure | undefined): void {
    const endpoint = this.#endpoint as Endpoint;
    if (this.#x.stream) endpoint.streams--;
    else endpoint.inFlight--;
    this.#pool.room?.serve();
    this.#watch(this.#x, endpoint, failure);
  }

  #asRefusal(failure: Failure): Refusal {
    // The process that held the session is gone, and the session with it: 404 makes the client start a new one
    // (MCP 2025-11-25, transports, "Session Management").
    if (failure.refused && this.#x.session !== undefined) return refusal('session_not_found');
    return refusal('upstream_failed', { message: failure.message });
  }

  #exhausted(): Refusal {
    if (this.#failure !== undefined) return refusal('upstream_failed', { message: this.#failure.message });
    return refusal('no_endpoint', { retryAfterMs: 1000 });
  }
}
