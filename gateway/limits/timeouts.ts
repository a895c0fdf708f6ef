// Timeouts: ends a call that makes no progress, or that takes too long however much progress it makes.
import type { Exchange, StreamSign } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Stage } from '../core/stage.ts';

export interface Timeouts {
  /** Without progress, in ms. */
  readonly timeoutMs: number;
  /** However much progress there is, in ms. */
  readonly maxTimeoutMs: number;
}

/**
 * The stage. Progress notifications of the call start its timeout anew; while the upstream waits for the client (an
 * elicitation may wait for a person) only the absolute limit counts (MCP 2025-11-25, lifecycle, "Timeouts"). Other
 * messages are no progress: a server that only logs is not working on the call.
 */
export function timeouts(of: (x: Exchange) => Timeouts): Stage {
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
