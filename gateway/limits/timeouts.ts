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
    const { timeoutMs, maxTimeoutMs } = of(x);
    const lastMoment = x.startedAt + maxTimeoutMs;
    const expire = () => {
      const took = Math.round(performance.now() - x.startedAt);
      const message = `The upstream server did not answer in time (${took} ms)`;
      x.cancel(refusal('timeout', { message }));
    };
    let timer: NodeJS.Timeout | undefined;
    const restart = (forMs: number) => {
      clearTimeout(timer);
      timer = setTimeout(expire, Math.max(0, Math.min(forMs, lastMoment - performance.now())));
    };
    let waitsForClient = false;
    restart(timeoutMs);
    const onMessage = (sign: StreamSign) => {
      if (sign === 'other' && !waitsForClient) return;
      waitsForClient = sign === 'asks_client';
      restart(waitsForClient ? maxTimeoutMs : timeoutMs);
    };
    x.onStreamMessage = onMessage;
    x.defer(() => clearTimeout(timer));
    return next(x);
  };
}
