// Timeouts: ends a call that makes no progress, or that takes too long however much progress it makes.
import type { Config, PoolConfig } from '../../config/schema.ts';
import type { Exchange, StreamSign } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Stage } from '../core/stage.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';

export interface Timeouts {
  /** Without progress, in ms. */
  readonly timeoutMs: number;
  /** However much progress there is, in ms. */
  readonly maxTimeoutMs: number;
}

/** The timeouts of an exchange. */
export type TimeoutsOf = (x: Exchange) => Timeouts;

/** What applies to a pool's exchanges: the tool's rule says first, then the client, the pool, and the limits for all. */
export function timeoutsOf(
  pool: PoolConfig,
  { limits, clients }: Config,
  ruleOf: RuleOf | undefined,
): TimeoutsOf {
  const general = {
    timeoutMs: pool.timeout ?? limits.timeout,
    maxTimeoutMs: pool.max_timeout ?? limits.max_timeout,
  };
  const ofClients = clients.some(
    ({ timeout, max_timeout }) => timeout !== undefined || max_timeout !== undefined,
  );
  if (ruleOf === undefined && !ofClients) return () => general;
  return (x) => {
    const rule = ruleOf && ruleFor(x, ruleOf);
    const policy = x.principal.policy;
    if (rule?.timeout === undefined && rule?.max_timeout === undefined && policy === undefined)
      return general;
    return {
      timeoutMs: rule?.timeout ?? policy?.timeoutMs ?? general.timeoutMs,
      maxTimeoutMs: rule?.max_timeout ?? policy?.maxTimeoutMs ?? general.maxTimeoutMs,
    };
  };
}

/**
 * The stage. Progress notifications of the call start its timeout anew; while the upstream waits for the client (an
 * elicitation may wait for a person) only the absolute limit counts (MCP 2025-11-25, lifecycle, "Timeouts"). Other
 * messages are no progress: a server that only logs is not working on the call.
 */
export function timeouts(of: TimeoutsOf): Stage {
  return (next) => (x) => {
    if (x.stream) return next(x);
    const watch = new Watch(x, of(x));
    const onMessage = (sign: StreamSign) => watch.message(sign);
    x.onStreamMessage = onMessage;
    x.defer(() => watch.end());
    return next(x);
  };
}

/** The clock of one exchange. */
class Watch {
  readonly #x: Exchange;
  readonly #timeouts: Timeouts;
  #timer: NodeJS.Timeout;
  #waitsForClient = false;

  constructor(x: Exchange, timeouts: Timeouts) {
    this.#x = x;
    this.#timeouts = timeouts;
    this.#timer = this.#start(timeouts.timeoutMs);
  }

  message(sign: StreamSign): void {
    if (sign === 'other' && !this.#waitsForClient) return;
    this.#waitsForClient = sign === 'asks_client';
    clearTimeout(this.#timer);
    const { timeoutMs, maxTimeoutMs } = this.#timeouts;
    this.#timer = this.#start(this.#waitsForClient ? maxTimeoutMs : timeoutMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(forMs: number): NodeJS.Timeout {
    const left = this.#x.startedAt + this.#timeouts.maxTimeoutMs - performance.now();
    return setTimeout(expire, Math.max(0, Math.min(forMs, left)), this.#x);
  }
}

function expire(x: Exchange): void {
  const took = Math.round(performance.now() - x.startedAt);
  x.cancel(refusal('timeout', { message: `The upstream server did not answer in time (${took} ms)` }));
}
