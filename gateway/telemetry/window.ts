// Windows: the last ten minutes of one series, by minute for quantiles and by ten seconds for rates and curves.
import type { CacheStatus } from '../core/exchange.ts';
import { Tally } from './tally.ts';

const MINUTE_MS = 60_000;
const SLOT_MS = 10_000;
/** One more of each than is shown: the current one is not over. */
const MINUTES = 11;
const SLOTS = 61;
/** Quantiles and shares are over the current minute and this many before. */
const BEFORE = 4;

/** Stands in until the first call. */
const unused = new Tally();

/** What one series did lately. Shares are of the calls of the last five minutes, from 0 to 1. */
export interface WindowFigures {
  /** Since start. */
  readonly totalCalls: number;
  readonly totalErrors: number;
  /** In the last five minutes. */
  readonly calls: number;
  readonly errors: number;
  /** Calls over 2 s. */
  readonly slow: number;
  readonly errorTypes: Readonly<Record<string, number>>;
  /** Calls that ended in the last 60 s. */
  readonly perMinute: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Durations added up, and the part of them that was spent with upstreams. */
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly cache: Readonly<Record<CacheStatus, number>>;
  /** Calls by ten seconds over ten minutes, the oldest first; the last one is not over. */
  readonly curve: readonly number[];
}

/** The calls of one tool, endpoint or client. Times are monotonic ms. */
export class Window {
  #totalCalls = 0;
  #totalErrors = 0;
  #lastAt = 0;
  /** What is being counted in now, and when that ends: a call is mostly in the slot and minute of the one before. */
  #slot = 0;
  #slotEnd = 0;
  #minute: Tally = unused;
  #minuteEnd = 0;
  /** By minute, round and round; a minute in which nothing happened has no tally, or an old one. */
  readonly #minutes: (Tally | undefined)[] = new Array<Tally | undefined>(MINUTES).fill(undefined);
  readonly #minuteOf = new Float64Array(MINUTES).fill(-1);
  readonly #slots = new Uint32Array(SLOTS);
  readonly #slotOf = new Float64Array(SLOTS).fill(-1);

  record(
    now: number,
    durationMs: number,
    upstreamMs: number,
    errorType: string | undefined,
    cache: CacheStatus | undefined,
  ): void {
    this.#totalCalls++;
    if (errorType !== undefined) this.#totalErrors++;
    this.#lastAt = now;
    if (now >= this.#slotEnd) this.#nextSlot(now);
    (this.#slots[this.#slot] as number)++;
    this.#minute.record(durationMs, upstreamMs, errorType, cache);
  }

  /** Whether the whole window is empty. */
  idle(now: number): boolean {
    return now - this.#lastAt > MINUTES * MINUTE_MS;
  }

  read(now: number): WindowFigures {
    const sum = new Tally();
    const minute = Math.floor(now / MINUTE_MS);
    for (let at = minute - BEFORE; at <= minute; at++) {
      const i = at % MINUTES;
      if (at >= 0 && this.#minuteOf[i] === at) sum.add(this.#minutes[i] as Tally);
    }
    const slot = Math.floor(now / SLOT_MS);
    const curve = Array.from({ length: SLOTS }, (_, i) => this.#callsOf(slot - SLOTS + 1 + i));
    return {
      totalCalls: this.#totalCalls,
      totalErrors: this.#totalErrors,
      calls: sum.calls,
      errors: sum.errors,
      slow: sum.slow,
      errorTypes: Object.fromEntries(sum.errorTypes),
      perMinute: lastMinute(curve, (now % SLOT_MS) / SLOT_MS),
      p50Ms: sum.quantile(0.5),
      p99Ms: sum.quantile(0.99),
      durationMs: sum.durationMs,
      upstreamMs: sum.upstreamMs,
      cache: {
        hit: sum.cached('hit'),
        stale: sum.cached('stale'),
        coalesced: sum.cached('coalesced'),
        miss: sum.cached('miss'),
        bypass: sum.cached('bypass'),
      },
      curve,
    };
  }

  #callsOf(slot: number): number {
    const i = slot % SLOTS;
    return slot >= 0 && this.#slotOf[i] === slot ? (this.#slots[i] as number) : 0;
  }

  #nextSlot(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    this.#slot = slot % SLOTS;
    this.#slotOf[this.#slot] = slot;
    this.#slots[this.#slot] = 0;
    this.#slotEnd = (slot + 1) * SLOT_MS;
    if (now >= this.#minuteEnd) this.#nextMinute(now);
  }

  #nextMinute(now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    const i = minute % MINUTES;
    const old = this.#minutes[i];
    old?.clear();
    this.#minute = old ?? new Tally();
    this.#minutes[i] = this.#minute;
    this.#minuteOf[i] = minute;
    this.#minuteEnd = (minute + 1) * MINUTE_MS;
  }
}

/** The current slot, of which a share has passed, the five before it, and what is left of the sixth. */
function lastMinute(curve: readonly number[], passed: number): number {
  const [sixth = 0, ...recent] = curve.slice(-7);
  return Math.round(recent.reduce((sum, calls) => sum + calls, 0) + sixth * (1 - passed));
}
