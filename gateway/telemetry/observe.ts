// Observe: the outermost stage; counts, times and logs every exchange, and makes an answer of what one throws.
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import { type RefusalReason, refusal, refusals } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import { Slots } from '../core/slots.ts';
import type { Stage } from '../core/stage.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import type { Call } from './access-log.ts';
import { AccessLog } from './access-log.ts';
import { Batch } from './batch.ts';
import { CacheLookups } from './cache-lookups.ts';
import type { Figures } from './figures.ts';
import type { CounterSeries, HistogramSeries, Instruments } from './instruments.ts';
import type { Logger } from './logger.ts';
import { isOperation, type Known, nameLabel, Operations } from './operations.ts';

/** Told of each tool call at its end. */
export type CallWatcher = (x: Exchange, call: Call) => void;

/** Exchanges, from the first byte in to the last byte out. */
export class Observer {
  /** Begun and not yet ended. */
  readonly live = new Slots<Exchange>();
  readonly #ended = new Batch<Exchange>(
    (x) => this.#record(x),
    (problem) => this.report(problem),
  );
  readonly #log: Logger;
  readonly #accessLog: AccessLog;
  readonly #figures: Figures;
  readonly #cacheLookups: CacheLookups;
  readonly #known: Known;
  readonly #callEnded: CallWatcher | undefined;
  readonly #operations: Operations;
  readonly #overhead: HistogramSeries;
  readonly #refusals: Readonly<Record<RefusalReason, CounterSeries>>;

  constructor(
    instruments: Instruments,
    figures: Figures,
    log: Logger,
    known: Known,
    callEnded: CallWatcher | undefined,
  ) {
    this.#log = log;
    this.#accessLog = new AccessLog(log);
    this.#figures = figures;
    this.#cacheLookups = new CacheLookups(instruments);
    this.#known = known;
    this.#callEnded = callEnded;
    this.#operations = new Operations(instruments.histogram('mcp_server_operation_duration_seconds'));
    this.#overhead = instruments.histogram('mcp_gateway_overhead_seconds').series({});
    const counter = instruments.counter('mcp_gateway_refusals_total');
    this.#refusals = Object.fromEntries(
      Object.keys(refusals).map((reason) => [reason, counter.series({ reason })]),
    ) as Record<RefusalReason, CounterSeries>;
  }

  /** The stage for the exchanges of a pool. */
  stage(pool: string): Stage {
    return (next) => (x) => {
      x.pool = pool;
      this.live.add(x);
      x.defer(this.#end);
      return next(x);
    };
  }

  /** Records what has ended so far. */
  flush(): void {
    this.#ended.flush();
  }

  /** Counts a refusal that was given before there was an exchange. */
  refused(reason: RefusalReason): void {
    this.#refusals[reason].add();
  }

  /** The answer that is made of what a handler has thrown. */
  rescue(x: Exchange, thrown: unknown): Reply {
    if (thrown instanceof Failure) return x.refuse(refusal('upstream_failed', { message: thrown.message }));
    this.report(thrown);
    return x.refuse(refusal('internal_error'));
  }

  /** Logs what should not have been thrown. */
  report(thrown: unknown): void {
    const { message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#log.log({ event: 'internal_error', message, stack });
  }

  readonly #end = (x: Exchange): void => {
    this.live.delete(x);
    x.endedAt = performance.now();
    this.#ended.add(x);
  };

  #record(x: Exchange): void {
    const { envelope, errorType, pool } = x;
    if (errorType !== undefined && Object.hasOwn(refusals, errorType)) {
      this.#refusals[errorType as RefusalReason].add();
    }
    if (envelope.kind === 'batch') {
      for (const item of envelope.items) this.#message(x, item, pool);
    } else this.#message(x, envelope, pool);
  }

  #message(x: Exchange, message: Envelope, pool: string): void {
    if (!isOperation(message)) return;
    const now = x.endedAt;
    const durationMs = now - x.startedAt;
    const label = nameLabel(this.#known, pool, message);
    const tool = message.method === Method.toolsCall ? label : '';
    this.#operations.series(x, message, label, x.errorType).record(durationMs / 1000);
    const upstreamMs = x.attempts === 0 ? undefined : Math.min(x.upstreamMs, durationMs);
    if (upstreamMs !== undefined && !x.stream) this.#overhead.record((durationMs - upstreamMs) / 1000);
    if (!x.stream) this.#figures.operation(x, pool, tool, durationMs, upstreamMs ?? 0, now);
    if (x.cacheStatus !== undefined) this.#cacheLookups.add(pool, message.method, tool, x.cacheStatus);
    if (tool === '') return;
    const call: Call = { pool, tool: message.name, label, durationMs, upstreamMs };
    this.#accessLog.record(x, call);
    this.#callEnded?.(x, call);
  }
}
