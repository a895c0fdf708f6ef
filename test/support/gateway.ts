// A gateway in this process, on free ports, from the configuration that a test writes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import type { ListenerTimes } from '../../gateway/server/http-server.ts';
import type { Vitals } from '../../gateway/server/overload.ts';
import { run } from '../../gateway/server/run.ts';
import { Logger } from '../../gateway/telemetry/logger.ts';

/** A running gateway. */
export interface TestGateway {
  /** URL of the first route. */
  readonly url: string;
  /** URL without a path. */
  readonly origin: string;
  readonly adminUrl: string;
  /** The value of each series on /metrics, by the text before its value. */
  metrics(): Promise<Map<string, number>>;
  /** The URL of a route. */
  at(path: string): string;
  /**
   * Stops it; throws when something is still in flight, or when sockets or timers have outlived it. `listens`: it has
   * streams of its own open upstream, which end with it.
   */
  stop(how?: { listens: boolean }): Promise<void>;
}

/**
 * Starts a gateway; the listeners take free ports unless the configuration says otherwise. What a test opens after this
 * it must have closed before the last gateway stops: then the process may hold no more than before the first.
 */
export async function startGateway(
  config: Record<string, unknown>,
  times: Partial<ListenerTimes> = {},
): Promise<TestGateway> {
  if (running === 0) before = held();
  running++;
  const { listen, admin, ...rest } = config;
  const whole = {
    version: 1,
    listen: { port: 0, ...(listen as object) },
    admin: { port: 0, ...(admin as object) },
    drain: { timeout: '1s' },
    ...rest,
  };
  const loaded = parseConfig(JSON.stringify(whole), { file: 'test.yaml', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const logger = new Logger({ level: 'silent', format: 'json' });
  const gateway = await run(loaded, logger, { times, vitals: unhurried });
  const metrics = async () => {
    const answer = await fetch(`${gateway.adminUrl}/metrics`);
    return readMetrics(await answer.text());
  };
  return {
    url: gateway.url + (loaded.config.routes[0]?.path ?? ''),
    origin: gateway.url,
    adminUrl: gateway.adminUrl,
    metrics,
    at: (path) => gateway.url + path,
    async stop({ listens } = { listens: false }) {
      await idle(metrics, listens);
      await gateway.stop(0);
      await logger.close();
      if (--running === 0) await letGo();
    },
  };
}

const countsToZero = /^mcp_gateway_(in_flight|endpoint_in_flight|streams|queue_depth)\b/;

/** Waits until nothing is in flight, queued or streaming and no upstream socket is in use, within two seconds. */
async function idle(metrics: () => Promise<Map<string, number>>, listens: boolean): Promise<void> {
  const deadline = performance.now() + 2000;
  for (;;) {
    const now = await metrics();
    const busy = [...now].filter(([name, value]) => countsToZero.test(name) && value !== 0);
    for (const [name, value] of now) {
      if (!name.startsWith('mcp_gateway_connections{') || !name.includes('state="connected"')) continue;
      const free = now.get(name.replace('"connected"', '"free"')) ?? 0;
      if (value !== free && !listens) busy.push([name, value - free]);
    }
    if (busy.length === 0) return;
    if (performance.now() > deadline) throw new Error(`Left over: ${JSON.stringify(busy)}`);
  }
}

const counted = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout'] as const;
type Held = Record<(typeof counted)[number], number>;

/** Servers, clients and gateway share one process here, and the machine with other tests: lag says nothing about load. */
export const unhurried: Vitals = { now: () => 0, cpuMs: () => 0, heapUse: () => 0 };

let running = 0;
let before: Held;

/** How many sockets, listeners and timers keep this process alive. */
function held(): Held {
  const all = process.getActiveResourcesInfo();
  const count = (type: string) => all.filter((one) => one === type).length;
  return { TCPSocketWrap: count(counted[0]), TCPServerWrap: count(counted[1]), Timeout: count(counted[2]) };
}

/**
 * Waits until the process holds no more than before its first gateway, within five seconds: a socket of `fetch` may stay
 * idle for four.
 */
async function letGo(): Promise<void> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const now = held();
    if (counted.every((type) => now[type] <= before[type])) return;
    if (performance.now() > deadline) {
      throw new Error(`Outlived the gateway: ${JSON.stringify({ before, now })}`);
    }
    await nextTurn();
  }
}

function readMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
