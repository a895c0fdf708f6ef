// Calls: what is known of one tool call at its end, and what the calls of one kind add up to.
import type { CacheStatus } from '../core/exchange.ts';
import { SLOW_MS } from '../core/slow-calls.ts';
import { Histogram } from './histogram.ts';

/** One tool call that has ended: what its `tool_execution` line says. */
export interface Call {
  /** Unix time of its end, in ms. */
  readonly at: number;
  readonly client: string;
  readonly pool: string;
  /** Who answered last; undefined when nobody was asked. */
  readonly endpoint: string | undefined;
  readonly tool: string;
  readonly durationMs: number;
  /** With upstreams, over all attempts; undefined when there was none. */
  readonly upstreamMs: number | undefined;
  /** In the queues of limits. */
  readonly queueMs: number;
  readonly errorType: string | undefined;
  readonly attempts: number;
  readonly cache: CacheStatus | undefined;
}

/** Stands for the tools, and for the clients, that are not told apart. */
export const OTHER = '_other';
/** A call has waited when it spent this long in queues, in ms. */
export const WAITED_MS = 50;
/** Error types told apart; upstreams choose their own codes. */
const MAX_ERROR_TYPES = 30;

const none: ReadonlyMap<string, number> = new Map();

/** What the calls of one tool at one endpoint add up to. */
export class Sums {
  calls = 0;
  /** Calls that went to an upstream, and the attempts that they took. */
  forwarded = 0;
  attempts = 0;
  retried = 0;
  /** Of those that were tried again, the ones that still failed. */
  retriedInVain = 0;
  /** Times of the forwarded calls, in ms. */
  durationMs = 0;
  upstreamMs = 0;
  waited = 0;
  waitMs = 0;
  /** Forwarded calls that succeeded, and those of them over 2 s. */
  readonly answered = new Histogram();
  slow = 0;
  slowMs = 0;
  slowUpstreamMs = 0;
  /** Made when needed: most tools at most endpoints do not fail in most minutes. */
  #errors: Map<string, number> | undefined = undefined;
  readonly cache: Record<CacheStatus, number> = { hit: 0, miss: 0, stale: 0, coalesced: 0, bypass: 0 };

  /** Failed calls by error type. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors ?? none;
  }

  record(call: Call): void {
    const { durationMs, upstreamMs, queueMs, errorType, attempts, cache } = call;
    this.calls++;
    if (cache !== undefined) this.cache[cache]++;
    if (errorType !== undefined) this.#failed(errorType, 1);
    if (upstreamMs === undefined) return;
    this.forwarded++;
    this.attempts += attempts;
    this.durationMs += durationMs;
    this.upstreamMs += upstreamMs;
    this.waitMs += queueMs;
    if (queueMs > WAITED_MS) this.waited++;
    if (attempts > 1) {
      this.retried++;
      if (errorType !== undefined) this.retriedInVain++;
    }
    if (errorType !== undefined) return;
    this.answered.record(durationMs);
    if (durationMs <= SLOW_MS) return;
    this.slow++;
    this.slowMs += durationMs;
    this.slowUpstreamMs += upstreamMs;
  }

  add(other: Sums): void {
    this.calls += other.calls;
    this.forwarded += other.forwarded;
    this.attempts += other.attempts;
    this.retried += other.retried;
    this.retriedInVain += other.retriedInVain;
    this.durationMs += other.durationMs;
    this.upstreamMs += other.upstreamMs;
    this.waited += other.waited;
    this.waitMs += other.waitMs;
    this.answered.add(other.answered);
    this.slow += other.slow;
    this.slowMs += other.slowMs;
    this.slowUpstreamMs += other.slowUpstreamMs;
    for (const [type, count] of other.errors) this.#failed(type, count);
    this.cache.hit += other.cache.hit;
    this.cache.miss += other.cache.miss;
    this.cache.stale += other.cache.stale;
    this.cache.coalesced += other.cache.coalesced;
    this.cache.bypass += other.cache.bypass;
  }

  failures(counts: (errorType: string) => boolean): number {
    let sum = 0;
    for (const [type, count] of this.errors) if (counts(type)) sum += count;
    return sum;
  }

  #failed(type: string, count: number): void {
    this.#errors ??= new Map();
    const label = this.#errors.has(type) || this.#errors.size < MAX_ERROR_TYPES ? type : '_OTHER';
    this.#errors.set(label, (this.#errors.get(label) ?? 0) + count);
  }
}
