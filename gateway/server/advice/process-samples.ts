// Process samples: memory, event loop and processor limit of this process by the minute, for the advice.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { EventLoopUtilization } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MinutePoint, ProcessFigures } from '../../advise/snapshot.ts';
import { residentBytes } from '../../telemetry/process-memory.ts';

/** Between two looks at the heap, in ms: its least value in a minute is what collections leave. */
const EVERY_MS = 5000;
const MINUTE_MS = 60_000;
/** Two hours. */
const MAX_POINTS = 120;
/** Of a process in a container: cgroup v2, and v1 (Linux, "Control Group v2", CPU interface files). */
const CPU_STAT = ['/sys/fs/cgroup/cpu.stat', '/sys/fs/cgroup/cpu/cpu.stat'];

/** What else there is at an instant that may explain memory; `cacheEvictions` since start. */
export interface Counts {
  readonly sessions: number;
  readonly streams: number;
  readonly cacheBytes: number;
  readonly cacheEvictions: number;
}

/** Watches this process from `start` on. */
export class ProcessSamples {
  readonly #counts: () => Counts;
  readonly #points: (MinutePoint & { readonly cacheEvictions: number })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #minute = Math.floor(process.uptime() / 60);
  #heapBytes = Number.POSITIVE_INFINITY;
  #rssBytes = Number.POSITIVE_INFINITY;
  #loop: EventLoopUtilization = performance.eventLoopUtilization();
  #periods = throttling() ?? { all: 0, throttled: 0 };

  constructor(counts: () => Counts) {
    this.#counts = counts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Cache entries thrown out in the last minutes. */
  evictions(minutes: number): number {
    const before = this.#points.at(-minutes - 1) ?? this.#points[0];
    return this.#counts().cacheEvictions - (before?.cacheEvictions ?? 0);
  }

  figures(): ProcessFigures {
    return {
      points: this.#points,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      cores: availableParallelism(),
    };
  }

  #look(): void {
    const minute = Math.floor((process.uptime() * 1000) / MINUTE_MS);
    if (minute !== this.#minute) this.#close(minute);
    this.#heapBytes = Math.min(this.#heapBytes, getHeapStatistics().used_heap_size);
    this.#rssBytes = Math.min(this.#rssBytes, residentBytes());
  }

  #close(next: number): void {
    const loop = performance.eventLoopUtilization();
    const periods = throttling() ?? this.#periods;
    const passed = periods.all - this.#periods.all;
    this.#points.push({
      minute: this.#minute,
      heapBytes: this.#heapBytes,
      rssBytes: this.#rssBytes,
      busy: performance.eventLoopUtilization(loop, this.#loop).utilization,
      throttled: passed > 0 ? (periods.throttled - this.#periods.throttled) / passed : 0,
      ...this.#counts(),
    });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    this.#loop = loop;
    this.#periods = periods;
    this.#heapBytes = Number.POSITIVE_INFINITY;
    this.#rssBytes = Number.POSITIVE_INFINITY;
    this.#minute = next;
  }
}

/** Periods of the processor limit since boot, and those in which it held the process back; undefined without a limit. */
function throttling(): { all: number; throttled: number } | undefined {
  for (const file of CPU_STAT) {
    try {
      const text = readFileSync(file, 'utf8');
      const of = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
      return { all: of('nr_periods'), throttled: of('nr_throttled') };
    } catch {
      // Not in such a container, or too many files are open.
    }
  }
  return undefined;
}
