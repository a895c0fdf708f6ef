// Retries: whether a broken attempt may be made again, and which requests do no harm when they arrive twice.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { AttemptEnd, Failure, FailureKind } from '../core/failure.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import { RetryBudget } from './retry-budget.ts';
import { RetryCredit } from './retry-credit.ts';
import type { IsSafeTool } from './safe-tools.ts';

/** Requests that only read. */
const safeMethods: ReadonlySet<string> = new Set([
  Method.discover,
  Method.ping,
  Method.toolsList,
  Method.promptsGet,
  Method.resourcesRead,
  Method.promptsList,
  Method.resourcesList,
  Method.templatesList,
  Method.complete,
]);

/** Whether a message may arrive twice; calls are the tool's matter. */
function isSafe({ kind, method, name, items }: Envelope, isSafeTool: IsSafeTool): boolean {
  if (kind === 'batch') return items.every((item) => isSafe(item, isSafeTool));
  if (kind !== 'request') return false;
  if (method === Method.toolsCall) return name !== undefined && isSafeTool(name);
  return safeMethods.has(method);
}

/** Attempts of `x` that have reached an upstream, or may have. */
function reached({ attempts, unsentAttempts }: Exchange): number {
  return attempts - unsentAttempts;
}

/** What a request is sent again for; the `reason` label of the metric. */
export type RetryReason = FailureKind | 'hedge';

export interface RetryParts {
  /** Attempts in all that may reach an upstream, the first one included. */
  readonly attempts: number;
  readonly budgetPercent: number;
  readonly isSafeTool: IsSafeTool;
  readonly count: (reason: RetryReason) => void;
}

/** The retry policy of one pool. */
export class Retries {
  readonly #parts: RetryParts;
  readonly #budget: RetryBudget;
  readonly #credit: RetryCredit;

  /** What `previous`, the policy before a reload, has spent is spent, and so is what its last exchanges will. */
  constructor(parts: RetryParts, previous?: Retries) {
    const [budget, credit] = previous === undefined ? [] : [previous.#budget, previous.#credit];
    this.#parts = parts;
    this.#budget = new RetryBudget(parts.budgetPercent, budget);
    this.#credit = new RetryCredit(parts.budgetPercent / 100, credit);
  }

  /** Takes note of a request's first attempt, at `now` in monotonic ms. */
  requested(now: number): void {
    this.#budget.requested(now);
    this.#credit.requested();
  }

  /**
   * Whether `x` may be sent again, as far as policy goes. An attempt of which nothing was sent costs no upstream any
   * work, so that it may always be made elsewhere, as often as there are endpoints; in a session, again where that is. An
   * upstream that names a time to come back is taken at its word.
   */
  mayRetry(x: Exchange, failure: Failure): boolean {
    if (x.clientGone || x.cancelled) return false;
    if (x.pinned !== undefined) return !failure.sent && failure.kind === 'reset';
    if (!failure.sent) return true;
    if (failure.kind === 'credential' || failure.kind === 'too_large') return false;
    if (failure.retryAfterMs !== undefined || reached(x) >= this.#parts.attempts) return false;
    return this.isSafe(x);
  }

  /**
   * Whether `x` may go once more to where its connection broke, which is what happens to requests that meet a server's
   * idle timeout; one of which nothing was sent only once, since nothing else bounds how often that goes.
   */
  mayStay(
    x: Exchange,
    endpoint: Endpoint,
    failure: Failure,
    tried: readonly Endpoint[] | undefined,
  ): boolean {
    if (failure.kind !== 'reset' || (!failure.sent && tried?.includes(endpoint))) return false;
    return x.pinned === undefined ? endpoint.takesCalls : !endpoint.unhealthy;
  }

  /** Whether another endpoint may be asked too: within the attempts that there may be; a rule that asks for a hedge has one. */
  mayHedge(x: Exchange): boolean {
    return !x.clientGone && !x.cancelled && reached(x) < Math.max(2, this.#parts.attempts);
  }

  /** Whether `x` does no harm when it arrives twice. */
  isSafe(x: Exchange): boolean {
    return isSafe(x.envelope, this.#parts.isSafeTool);
  }

  /**
   * Counts a retry and takes it out of the budget, where it costs an upstream work; false when there is none left.
   * `ended` must follow one that was taken out.
   */
  spend(failure: Failure, now: number): boolean {
    if (failure.sent) {
      if (!this.#credit.allows || !this.#budget.take(now)) return false;
      this.#credit.began();
    }
    this.#parts.count(failure.kind);
    return true;
  }

  /**
   * Takes one more attempt of `x`, which `failure` has ended, out of attempts and budget, for whoever knows that it does no
   * harm; false where it may not be made. `ended` must follow.
   */
  takeOne(x: Exchange, failure: Failure, now: number): boolean {
    return reached(x) < this.#parts.attempts && this.spend(failure, now);
  }

  /** A retry out of the budget has ended. */
  ended(end: AttemptEnd): void {
    this.#credit.ended(end === 'abandoned' ? undefined : end === 'answered');
  }
}
