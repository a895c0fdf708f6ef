// Forward: the last handler; sends an exchange to an endpoint of the pool, and again where that does no harm.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange, Running } from '../core/exchange.ts';
import type { AttemptEnd } from '../core/failure.ts';
import { Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { callCancelled, refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler } from '../core/stage.ts';
import { Attempt } from './attempt.ts';
import type { AttemptOwner } from './attempt-owner.ts';
import { noticeCancelled } from './cancel-notice.ts';
import { failureRefusal } from './failure-refusal.ts';
import type { Pool } from './pool.ts';
import type { Repeats } from './repeats.ts';
import { requestOf } from './request.ts';
import { isThere } from './session-check.ts';

/** Told of each attempt's end, for metrics and health. */
export type AttemptWatcher = (x: Exchange, endpoint: Endpoint, end: AttemptEnd) => void;

export interface ForwardParts {
  readonly pool: Pool;
  readonly repeats: Repeats;
  readonly watchAttempt: AttemptWatcher;
}

/** The handler that forwards to the pool. */
export function forward(parts: ForwardParts): Handler {
  return (x) => new Promise<Reply>((resolve) => new Forwarding(x, parts, resolve).go());
}

/** One exchange on its way through the pool. */
class Forwarding implements AttemptOwner, Running {
  readonly #x: Exchange;
  readonly #parts: ForwardParts;
  readonly #resolve: (reply: Reply) => void;
  /** The attempts under way: one, or two while a slow one is hedged. */
  #attempt: Attempt | undefined = undefined;
  #hedge: Attempt | undefined = undefined;
  /** Ends the wait for the first endpoint alone: another is asked too, or a stream is refused. */
  #timer: NodeJS.Timeout | undefined = undefined;
  #tried: Endpoint[] | undefined = undefined;
  /** The attempt that was taken out of the budget for retries. */
  #paid: Attempt | undefined = undefined;

  constructor(x: Exchange, parts: ForwardParts, resolve: (reply: Reply) => void) {
    this.#x = x;
    this.#parts = parts;
    this.#resolve = resolve;
  }

  go(): void {
    const x = this.#x;
    const { pool, repeats } = this.#parts;
    const { givenUp } = x;
    if (givenUp !== undefined) return this.#resolve(x.refuse(givenUp));
    if (!pool.admits(x, undefined)) return this.#wait(() => this.go());
    const endpoint = x.pinned ?? pool.pick(x, undefined);
    if (endpoint === undefined) return this.#resolve(x.refuse(refusal('no_endpoint')));
    x.running = this;
    this.#attempt = this.#begin(endpoint);
    repeats.retries.requested(this.#attempt.startedAt);
    this.#dispatch(this.#attempt);
    const delayMs = repeats.hedges?.delayOf(x);
    if (delayMs !== undefined) this.#timer = setTimeout(() => this.#askSecond(), delayMs);
    else if (x.stream && endpoint.unhealthy) {
      // A dead process refuses it at once. A stream has no time to be answered in: where it hangs it would never begin.
      this.#timer = setTimeout(() => this.leave(endpoint), pool.settings.health.checks.timeoutMs);
    }
  }

  get mayRepeat(): boolean {
    return this.#parts.repeats.retries.isSafe(this.#x);
  }

  get isRacing(): boolean {
    return this.#hedge !== undefined || this.#timer !== undefined;
  }

  get passesAuthorization(): boolean {
    return this.#parts.pool.passesAuthorization;
  }

  get isUnderWay(): boolean {
    return [this.#attempt, this.#hedge].some((attempt) => attempt?.isOver || attempt?.isSent);
  }

  cancel(why: Refusal): void {
    this.#callOff(this.#hedge);
    const attempt = this.#attempt;
    if (attempt === undefined || attempt.isOver) return;
    attempt.abort(why);
    // What the client itself has cancelled, the server knows.
    if (this.#x.replied || why === callCancelled) return;
    noticeCancelled(this.#x, attempt.endpoint, this.#parts.pool);
  }

  clientGone(): void {
    this.#hedge?.clientGone();
    this.#attempt?.clientGone();
  }

  leave(endpoint: Endpoint): void {
    const attempt = this.#attempt;
    if (attempt?.endpoint !== endpoint || this.#hedge !== undefined || attempt.isOver || attempt.isDelivered)
      return;
    const failure = new Failure('timeout', attempt.isSent, 'The upstream server does not answer');
    const other = this.#another(attempt, failure);
    if (other !== undefined) {
      if (!failure.sent) this.#x.unsentAttempts++;
      attempt.abandon();
      this.#repeat(other, failure);
    } else if (this.#x.stream) this.cancel(refusal('no_endpoint'));
  }

  reply(attempt: Attempt, reply: Reply, failure: Failure | undefined): void {
    if (failure !== undefined && this.#goesOn(attempt, failure)) return;
    clearTimeout(this.#timer);
    if (attempt === this.#hedge) {
      this.#hedge = this.#attempt;
      this.#attempt = attempt;
    }
    this.#callOff(this.#hedge);
    this.#x.endpoint = attempt.endpoint;
    this.#resolve(reply);
  }

  isThere({ endpoint }: Attempt): Promise<boolean> {
    return isThere(this.#parts.pool, this.#x, endpoint);
  }

  failed(attempt: Attempt, failure: Failure): void {
    const x = this.#x;
    x.failure = failure;
    if (this.#goesOn(attempt, failure)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { pool, repeats } = this.#parts;
    const goesElsewhere = x.pinned === undefined && repeats.retries.mayRetry(x, failure);
    const isFull = goesElsewhere && !pool.admits(x, this.#tried);
    if (isFull) return this.#wait(() => this.failed(attempt, failure));
    this.#resolve(x.refuse(failureRefusal(x, failure)));
  }

  ended(attempt: Attempt, end: AttemptEnd): void {
    const { endpoint, startedAt } = attempt;
    attempt.trace?.end(end);
    if (this.#x.stream) endpoint.streams--;
    else endpoint.inFlight--;
    // One that has failed may be made again at once, in its own place: nobody else is let in before that is settled.
    if (end instanceof Failure) queueMicrotask(() => this.#parts.pool.serve());
    else this.#parts.pool.serve();
    if (end instanceof Failure && !end.sent) this.#x.unsentAttempts++;
    this.#x.sentAt = startedAt;
    if (attempt === this.#paid) this.#parts.repeats.retries.ended(end);
    this.#parts.watchAttempt(this.#x, endpoint, end);
  }

  /** Until an endpoint has room that was not yet tried. */
  #wait(go: () => void): void {
    this.#parts.pool.wait(this.#x, this.#tried, go, (why) => this.#resolve(this.#x.refuse(why)));
  }

  /** True when the exchange lives on without this attempt: in the other one that is under way, or in a new one. */
  #goesOn(attempt: Attempt, failure: Failure): boolean {
    if (this.#hedge !== undefined) {
      if (attempt === this.#attempt) this.#attempt = this.#hedge;
      this.#hedge = undefined;
      this.#exclude(attempt.endpoint);
      // What else is noted may be of the other one already.
      this.#x.replied = false;
      this.#x.errorType = undefined;
      this.#x.failure = undefined;
      return true;
    }
    const endpoint = this.#another(attempt, failure);
    if (endpoint !== undefined) this.#repeat(endpoint, failure);
    return endpoint !== undefined;
  }

  /** Where the exchange may be sent once more, taken out of the budget; undefined when it may not. */
  #another(attempt: Attempt, failure: Failure): Endpoint | undefined {
    const { retries } = this.#parts.repeats;
    if (!retries.mayRetry(this.#x, failure)) return undefined;
    const endpoint = this.#elsewhere(attempt, failure);
    return endpoint !== undefined && retries.spend(failure, performance.now()) ? endpoint : undefined;
  }

  #repeat(endpoint: Endpoint, failure: Failure): void {
    const x = this.#x;
    x.beginAnew();
    x.running = this;
    this.#attempt = this.#begin(endpoint);
    if (failure.sent) this.#paid = this.#attempt;
    this.#dispatch(this.#attempt);
  }

  /** Another endpoint; where there is none, the same one again if that may be. */
  #elsewhere({ endpoint }: Attempt, failure: Failure): Endpoint | undefined {
    const { pool, repeats } = this.#parts;
    const again = repeats.retries.mayStay(this.#x, endpoint, failure, this.#tried);
    this.#exclude(endpoint);
    const other = this.#x.pinned === undefined ? pool.pick(this.#x, this.#tried) : undefined;
    return other ?? (again ? endpoint : undefined);
  }

  #exclude(endpoint: Endpoint): void {
    this.#tried = this.#tried === undefined ? [endpoint] : [...this.#tried, endpoint];
  }

  /** The first endpoint takes its time: another one is asked too, and whoever answers first is heard. */
  #askSecond(): void {
    this.#timer = undefined;
    const attempt = this.#attempt;
    const { hedges, retries } = this.#parts.repeats;
    if (attempt === undefined || !retries.mayHedge(this.#x)) return;
    const endpoint = this.#parts.pool.pick(this.#x, [...(this.#tried ?? []), attempt.endpoint]);
    if (endpoint === undefined || !hedges?.spend(this.#x, performance.now())) return;
    this.#hedge = this.#begin(endpoint);
    this.#dispatch(this.#hedge);
  }

  #callOff(attempt: Attempt | undefined): void {
    if (attempt === undefined) return;
    this.#hedge = undefined;
    attempt.abandon();
    noticeCancelled(this.#x, attempt.endpoint, this.#parts.pool);
  }

  #begin(endpoint: Endpoint): Attempt {
    const x = this.#x;
    const now = performance.now();
    x.endpoint = endpoint;
    x.attempts++;
    x.sentAt = now;
    if (x.stream) endpoint.streams++;
    else endpoint.inFlight++;
    const attempt = new Attempt(x, endpoint, this, now);
    attempt.trace = x.trace?.attempt(endpoint);
    return attempt;
  }

  #dispatch(attempt: Attempt): void {
    const x = this.#x;
    const { pool } = this.#parts;
    const { endpoint, trace } = attempt;
    pool.sockets(endpoint, x.stream).dispatch(requestOf(x, endpoint, pool.headerRules, trace), attempt);
  }
}
