// `soak`: clients that come, abandon sessions and hang up, and upstreams that die, for as long as it is given; what grows?
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from 'undici';
import { say } from '../../bench/tools.ts';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import type { Memory } from '../memory-probe.ts';
import { OwnGateway } from '../own-gateway.ts';
import type { CallEnd } from '../session-client.ts';
import { SessionClient } from '../session-client.ts';
import type { SessionServer } from '../upstream/session-servers.ts';
import { startSessionServers } from '../upstream/session-servers.ts';

const CLIENTS = 20;
const CALL_MS = 20;
/** How often an upstream is killed, and how long it stays away. */
const KILL_EVERY_MS = 20_000;
const AWAY_MS = 2000;
/**
 * The first part of the run counts for nothing: caches and windows fill, V8 compiles what has become hot, and its pages,
 * of which it gives none back, become as many as the fullest moment so far has needed. Each goes on, ever more slowly.
 */
const WARM_UP_SHARE = 1 / 2;
/** In each half. */
const SAMPLES = 30;
const LOOK_EVERY_MS = 1000;
const MEANINGFUL_MINUTES = 5;

/** What is seen of the gateway's process from outside, at ms since the start. */
interface Sample {
  readonly atMs: number;
  /** What was resident since the sample before, garbage and all: the mean of looks taken every second. */
  readonly rss: number;
  readonly files: number;
}

/** How often each came; a server that dies takes the sessions with it that it was about to open. */
type Ends = Record<CallEnd | 'not_opened', number>;

export const soak: ChaosCase = {
  name: 'soak',
  about:
    'abandoned sessions, disconnects and killed upstreams for two and a half hours (--minutes), the first half to warm up: memory, files, timers',
  async run(lab, { minutes }) {
    const report = new Report('soak', CLIENTS);
    const servers = await startSessionServers(lab, 3, CALL_MS);
    const gateway = await OwnGateway.start(lab, {
      ports: servers.map(({ port }) => port),
      pool: { session_recovery: 'always' },
      probed: true,
    });
    const lastMoment = performance.now() + minutes * 60_000;
    const running = () => performance.now() < lastMoment;
    const ends: Ends = { not_opened: 0, ok: 0, not_found: 0, failed: 0, left: 0, foreign: 0 };
    const clients = Array.from({ length: CLIENTS }, (_, i) => live(gateway.port, `k${i}`, running, ends));
    const killer = breakNow(servers, running);
    const passers = Promise.all([passBy(gateway.port, 'p', running), passBy(gateway.port, 'q', running)]);
    const begun = performance.now();
    const warm = begun + (lastMoment - begun) * WARM_UP_SHARE;
    await sample(gateway, begun, warm);
    const warmSince = Date.now();
    const steady = await sample(gateway, begun, lastMoment);
    // Not before the end: a heap that has been emptied takes half an hour to find its size again.
    const last = await gateway.memory();
    await Promise.all([...clients, killer, passers]);
    await pause(Math.min(6000, minutes * 60_000));
    const idle = { ...(await gateway.memory()), files: filesOf(gateway) };
    const crashed = await Promise.race([gateway.child.exited, pause(0, undefined)]);
    gateway.signal('SIGTERM');
    const code = await gateway.child.exited;
    await Promise.all(servers.map((server) => server.kill()));

    for (const [end, count] of Object.entries(ends)) report.row('gateway', end, count, 'calls');
    const slope = memoryRows(report, steady, last);
    report.row('gateway', 'files_after_warm_up', steady[0]?.files ?? 0, '1');
    report.row('gateway', 'files_most_later', Math.max(...steady.map(({ files }) => files)), '1');
    report.row('gateway', 'files_idle_at_end', idle.files, '1');
    report.row('gateway', 'timers_at_end', last.timers, '1');
    report.row('gateway', 'timers_idle_at_end', idle.timers, '1');
    report.goal(`no crash (exit ${crashed ?? code})`, crashed === undefined && code === 0);
    // In a few seconds a heap only finds its size.
    if (minutes >= MEANINGFUL_MINUTES) {
      report.goal(`RSS slope under 1 MB/h after warm-up (${slope.toFixed(2)})`, slope < 1);
      const alive = last.alive.filter(({ atMs }) => atMs >= warmSince);
      const growth = slopeOf(alive.map(({ atMs, bytes }) => [atMs, bytes]));
      report.row('gateway', 'alive_slope', growth.slope, 'MB_per_hour');
      report.row('gateway', 'alive_slope_error', growth.error, 'MB_per_hour');
      report.goal(`what is alive grows by less than 1 MB/h (${growth.slope.toFixed(2)})`, growth.slope < 1);
    }
    report.goal(`no file descriptors pile up (${idle.files} when idle)`, idle.files <= 60);
    report.goal(`no timers pile up (${idle.timers} when idle)`, idle.timers <= 40);
    report.goal('no foreign answer', ends.foreign === 0);
    return report;
  },
};

/** One client after another: each opens a session, calls, listens, hangs up in the middle, and mostly just goes. */
async function live(port: number, name: string, running: () => boolean, ends: Ends): Promise<void> {
  for (let generation = 0; running(); generation++) {
    const agent = new Agent({ connections: 4 });
    const client = new SessionClient(port, agent, `${name}-${generation}`);
    while (!(await client.open()) && running()) ends.not_opened++;
    const listening = client.listen(500 + Math.random() * 3000);
    for (let i = 0; i < 20 && running(); i++) {
      const dice = Math.random();
      const tool = dice < 0.3 ? 'read_stream' : dice < 0.7 ? 'read_value' : 'write_value';
      ends[await client.call(tool, Math.random() < 0.1 ? Math.random() * CALL_MS * 2 : undefined)]++;
    }
    await listening;
    if (Math.random() < 0.2) await client.end();
    await agent.destroy();
  }
}

/** Clients that open a session, call once and are never seen again: what is kept of them must have a bound. */
async function passBy(port: number, name: string, running: () => boolean): Promise<void> {
  const agent = new Agent({ connections: 4 });
  for (let i = 0; running(); i++) {
    const client = new SessionClient(port, agent, `${name}${i}`);
    if (await client.open()) await client.call('read_value');
  }
  await agent.close();
}

/** Kills the upstreams in turn and brings each back. */
async function breakNow(servers: readonly SessionServer[], running: () => boolean): Promise<void> {
  for (let turn = 0; running(); turn++) {
    for (let waited = 0; waited < KILL_EVERY_MS && running(); waited += 500) await pause(500);
    const victim = servers[turn % servers.length];
    await victim?.kill();
    await pause(AWAY_MS);
    await victim?.start();
  }
}

/** What is seen from now to `until`, in monotonic ms as `begun`, the moment of the start. */
async function sample(gateway: OwnGateway, begun: number, until: number): Promise<Sample[]> {
  const from = performance.now();
  const everyMs = (until - from) / SAMPLES;
  const samples: Sample[] = [];
  for (let i = 1; i <= SAMPLES; i++) {
    const rss = await meanRss(gateway, from + i * everyMs);
    samples.push({ atMs: performance.now() - begun, rss, files: filesOf(gateway) });
    if (i % 5 === 0) say(`soak: ${(rss / 2 ** 20).toFixed(1)} MiB`);
  }
  return samples;
}

function filesOf({ child }: OwnGateway): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}

/** Looks at the process from outside until `until`, in monotonic ms. */
async function meanRss({ child }: OwnGateway, until: number): Promise<number> {
  let sum = 0;
  let looks = 0;
  do {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    sum += Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
    looks++;
    await pause(Math.max(0, Math.min(LOOK_EVERY_MS, until - performance.now())));
  } while (performance.now() < until);
  return sum / looks;
}

/** What grows after the warm-up; returns the slope of what is resident as it runs. `last`: without garbage, at the end. */
function memoryRows(report: Report, steady: readonly Sample[], last: Memory): number {
  const { slope, error } = slopeOf(steady.map(({ atMs, rss }) => [atMs, rss]));
  report.row('gateway', 'rss_after_warm_up', steady[0]?.rss ?? 0, 'bytes');
  report.row('gateway', 'rss_at_end', steady.at(-1)?.rss ?? 0, 'bytes');
  report.row('gateway', 'rss_slope', slope, 'MB_per_hour');
  report.row('gateway', 'rss_slope_error', error, 'MB_per_hour');
  report.row('gateway', 'rss_without_garbage', last.rss, 'bytes');
  report.row('gateway', 'live_memory', last.heapUsed + last.external, 'bytes');
  report.row('gateway', 'compiled_code', last.code, 'bytes');
  return slope;
}

/** Least-squares slope of bytes over ms and its standard error, in MiB an hour. */
function slopeOf(samples: readonly (readonly [atMs: number, bytes: number])[]): {
  slope: number;
  error: number;
} {
  const points = samples.map(([atMs, bytes]) => [atMs / 3_600_000, bytes / 2 ** 20] as const);
  const meanOf = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanAt, mean] = [meanOf(([at]) => at), meanOf(([, value]) => value)];
  const spread = meanOf(([at]) => (at - meanAt) ** 2);
  const slope = meanOf(([at, value]) => (at - meanAt) * (value - mean)) / spread;
  const left = meanOf(([at, value]) => (value - mean - slope * (at - meanAt)) ** 2);
  return { slope, error: Math.sqrt(left / spread / Math.max(1, points.length - 2)) };
}
