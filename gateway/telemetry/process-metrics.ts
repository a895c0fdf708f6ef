// Process metrics: memory, processor time and the event loop, read when somebody collects them.
import { type EventLoopUtilization, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Instruments } from './instruments.ts';
import { residentBytes } from './process-memory.ts';

/** Period of the timer whose lateness is measured, in ms. */
const PERIOD_MS = 20;

/** Registers the readings of this process; the result ends them. */
export function processMetrics(instruments: Instruments, version: string): () => void {
  const delay = monitorEventLoopDelay({ resolution: PERIOD_MS });
  delay.enable();
  // What is recorded is the time between two firings, so the period itself is taken off.
  const late = (ns: number): number => Math.max(0, ns / 1e9 - PERIOD_MS / 1000);
  let last: EventLoopUtilization = performance.eventLoopUtilization();

  instruments.read('mcp_gateway_build_info', () => [[{ version, node: process.versions.node }, 1]]);
  instruments.read('process_resident_memory_bytes', () => [[{}, residentBytes()]]);
  instruments.read('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return [[{}, (user + system) / 1e6]];
  });
  instruments.read('nodejs_active_resources', () => {
    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    return Array.from(counts, ([type, count]) => [{ type }, count] as const);
  });
  instruments.read('nodejs_eventloop_utilization_ratio', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return [[{}, Number.isFinite(utilization) ? utilization : 0]];
  });
  instruments.read('nodejs_eventloop_delay_p50_seconds', () => [[{}, late(delay.percentile(50))]]);
  instruments.read('nodejs_eventloop_delay_p99_seconds', () => [[{}, late(delay.percentile(99))]]);
  instruments.read('nodejs_eventloop_delay_max_seconds', () => {
    const max = late(delay.max);
    // The readings come in the order of their registration: this is the last of the three.
    delay.reset();
    return [[{}, max]];
  });
  return () => delay.disable();
}
