// Loaded into a gateway under test, before anything else: at SIGUSR2 it says what memory the process has once
// all garbage is given back. `?file=` names the file that it says it in.
import { writeFileSync } from 'node:fs';
import { constants, type NodeGCPerformanceDetail, PerformanceObserver } from 'node:perf_hooks';
import { getActiveResourcesInfo, memoryUsage } from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';

/** Bytes; `round` counts the times that it was asked. */
export interface Memory {
  readonly round: number;
  /** Resident, when the garbage has been given back. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** The part of `heapUsed` that is compiled code and what belongs to it. */
  readonly code: number;
  /** Timers that keep the process alive. */
  readonly timers: number;
  /** What was left after each collection of the whole heap that V8 made by itself. */
  readonly alive: readonly Alive[];
}

/** `atMs`: since the epoch. */
export interface Alive {
  readonly atMs: number;
  readonly bytes: number;
}

interface Collection {
  readonly detail: NodeGCPerformanceDetail;
}

const CODE_SPACES = new Set(['code_space', 'code_large_object_space', 'trusted_space']);

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const alive: Alive[] = [];
let round = 0;

new PerformanceObserver((list) => {
  const collections = list.getEntries() as unknown as readonly Collection[];
  const isWhole = collections.some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
  if (round > 0 || !isWhole) return;
  const old = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.startsWith('new_'));
  alive.push({ atMs: Date.now(), bytes: old.reduce((sum, space) => sum + space.space_used_size, 0) });
}).observe({ entryTypes: ['gc'] });

process.on('SIGUSR2', () => {
  // A plain collection leaves pages half full and keeps the young generation as large as it ever was: figures for minutes
  // apart would differ by what the collector finds convenient.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed, external } = memoryUsage();
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => CODE_SPACES.has(space_name));
  const code = spaces.reduce((sum, space) => sum + space.space_used_size, 0);
  const timers = getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
  const memory: Memory = { round: ++round, rss, heapUsed, external, code, timers, alive };
  writeFileSync(file, JSON.stringify(memory));
});
