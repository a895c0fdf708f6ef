// Overload: sheds requests while the event loop lags or memory runs out, so that what is taken in is still served well.
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { flagBytes, MIB } from './heap-flags.ts';

/** How the process fares; read at each tick. */
export interface Vitals {
  /** Monotonic ms. */
  now(): number;
  /** Processor time that the process has had so far, in ms. */
  cpuMs(): number;
  /** Long-lived heap in use, as a share of its limit. */
  heapUse(): number;
}

/** How often the vitals are looked at, in ms. */
const TICK_MS = 100;
/** Lateness of a tick above which the loop counts as lagging, in ms: a proxied call waits that long several times over. */
const LAG_MS = 200;
/** Lateness that counts whatever its cause, in ms. */
const LONG_LAG_MS = 2000;
/**
 * Share of the time since the last tick in which the process must have been computing, for a lag to be its own doing: one
 * that waits for a processor that others have would serve no better for refusing.
 */
const BUSY_SHARE = 0.5;
/** Ticks in a row that must lag: a long garbage collection, or a process that was stopped for a while, is no overload. */
const LAGGING_TICKS = 3;
/** Share of requests admitted: it falls by this factor at each lagging tick, and rises by this much at each other one. */
const FALL = 0.7;
const RISE = 0.1;
const LEAST = 0.1;
/** Shares of the heap at which shedding begins and ends: the collector needs the rest to work in. */
const HEAP_FULL = 0.85;
const HEAP_EASY = 0.75;

/**
 * Bytes that the old generation may have: a process dies when it is full, however much room the young one has. What V8
 * reports as the limit has room for three semi-spaces in it, of 64 MiB unless told otherwise (measured on Node 24).
 */
function oldLimit(): number {
  const semiBytes = flagBytes('max-semi-space-size') ?? 64 * MIB;
  return flagBytes('max-old-space-size') ?? getHeapStatistics().heap_size_limit - 3 * semiBytes;
}

const oldLimitBytes = oldLimit();

const thisProcess: Vitals = {
  now: () => performance.now(),
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  heapUse() {
    const spaces = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('new_'));
    return spaces.reduce((used, { space_used_size }) => used + space_used_size, 0) / oldLimitBytes;
  },
};

/** Decides request by request. Under lag it lets a share through that it adapts; with a full heap, nothing. */
export class Overload {
  /** What is wrong; undefined while all is well. */
  cause: 'event_loop' | 'heap' | undefined = undefined;
  readonly #vitals: Vitals;
  readonly #random: () => number;
  #timer: NodeJS.Timeout | undefined = undefined;
  #tickedAt = 0;
  #cpuMs = 0;
  #lagging = 0;
  #admitted = 1;
  #heapFull = false;

  constructor(vitals: Vitals = thisProcess, random: () => number = Math.random) {
    this.#vitals = vitals;
    this.#random = random;
  }

  /** Begins to watch; `changed` is told when shedding begins and ends. */
  start(changed: (overload: Overload) => void): void {
    this.#tickedAt = this.#vitals.now();
    this.#cpuMs = this.#vitals.cpuMs();
    const tick = () => {
      const before = this.cause;
      this.tick();
      if (this.cause !== before) changed(this);
    };
    this.#timer = setInterval(tick, TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether the request that has just come is to be refused. */
  get sheds(): boolean {
    if (this.cause === undefined) return false;
    return this.#heapFull || this.#random() >= this.#admitted;
  }

  /** Takes the vitals once; called every 100 ms. */
  tick(): void {
    const lags = this.#lags();
    this.#lagging = lags ? this.#lagging + 1 : 0;
    if (this.#lagging >= LAGGING_TICKS) this.#admitted = Math.max(LEAST, this.#admitted * FALL);
    else if (!lags) this.#admitted = Math.min(1, this.#admitted + RISE);
    this.#heapFull = this.#vitals.heapUse() > (this.#heapFull ? HEAP_EASY : HEAP_FULL);
    this.cause = this.#heapFull ? 'heap' : this.#admitted < 1 ? 'event_loop' : undefined;
  }

  #lags(): boolean {
    const now = this.#vitals.now();
    const cpuMs = this.#vitals.cpuMs();
    const tookMs = now - this.#tickedAt;
    const lateMs = tookMs - TICK_MS;
    const busy = cpuMs - this.#cpuMs > tookMs * BUSY_SHARE;
    this.#tickedAt = now;
    this.#cpuMs = cpuMs;
    return lateMs > LONG_LAG_MS || (lateMs > LAG_MS && busy);
  }
}
