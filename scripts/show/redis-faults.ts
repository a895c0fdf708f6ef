// Shows what a failing Redis costs calls: nothing failed, little and briefly late, and used again soon after its return.
import { connect } from 'node:net';
import type { Said } from './calls.ts';
import { callTool, closeConnections, quantile } from './calls.ts';
import { Fleet, metric, ToolUpstream } from './fleet.ts';
import { startSlowLink } from './slow-link.ts';

const SECONDS = Number(process.argv[2] ?? 4);
const CALLERS = 8;
/** What a fault may add to the 99th percentile, in ms: at most so much for a second, then next to nothing. */
const MOST_AT_FIRST_MS = 50;
const MOST_THEN_MS = 2;
const BACK_WITHIN_MS = 3000;

interface Sample {
  readonly at: number;
  readonly ms: number;
  readonly ok: boolean;
}

const fleet = new Fleet();
const upstream = new ToolUpstream((_name, args) => `n ${String(args['n'])}`);
const port = await fleet.lab.port();
const link = await startSlowLink(port);
let redis = await fleet.redis(port, '--maxmemory', '64mb');
const samples: Sample[] = [];
let running = true;
const missed: string[] = [];

try {
  const url = await upstream.listen();
  // Memory for nothing: every call asks Redis.
  const gateway = await fleet.gateway(
    url,
    { tools: [{ match: '*', cache: { ttl: '10m' } }] },
    {
      redis: { url: `redis://127.0.0.1:${link.port}` },
      cache: { memory: '1KiB' },
      limits: { concurrency: 100 },
    },
  );
  const caller = { url: gateway.url };
  const call = (n: number) =>
    callTool(caller, 'look', { n }, n).catch(
      (): Said => ({ status: 0, text: undefined, cached: undefined, id: 0, ms: 0 }),
    );
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const up = () => metric(gateway.adminUrl, 'mcp_gateway_redis_up');

  const load = Array.from({ length: CALLERS }, async () => {
    while (running) {
      const at = performance.now();
      const { status, text, ms } = await call(Math.floor(Math.random() * 2000));
      samples.push({ at, ms, ok: status === 200 && text !== undefined });
      await pause(2);
    }
  });
  const p99 = (from: number, to: number) =>
    quantile(
      samples.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms),
      0.99,
    );

  const show = async (name: string, fault: () => Promise<void>, mend: () => Promise<void>) => {
    await pause(2000);
    const before = p99(performance.now() - 2000, performance.now());
    const start = performance.now();
    await fault();
    await pause(SECONDS * 1000);
    const first = p99(start, start + 1000) - before;
    const rest = p99(start + 1000, performance.now()) - before;
    await mend();
    const back = performance.now();
    while ((await up()) !== 1 && performance.now() - back < 10_000) await pause(50);
    const n = 1_000_000 + Math.floor(back);
    while ((await call(n)).cached !== 'hit' && performance.now() - back < 10_000) await pause(50);
    const again = performance.now() - back;
    const failed = samples.filter(({ at, ok }) => at >= start && !ok).length;
    const row = {
      fault: name,
      failed,
      p99_before_ms: before,
      added_first_second_ms: first,
      added_then_ms: rest,
      used_again_ms: again,
    };
    process.stdout.write(
      `${JSON.stringify(row, (_k, v: unknown) => (typeof v === 'number' ? Math.round(v * 10) / 10 : v))}\n`,
    );
    if (failed > 0 || first > MOST_AT_FIRST_MS || rest > MOST_THEN_MS || again > BACK_WITHIN_MS)
      missed.push(name);
  };

  while ((await up()) !== 1) await pause(50);
  await show(
    'killed',
    () => redis.kill(),
    async () => {
      redis = await fleet.redis(port, '--maxmemory', '64mb');
    },
  );
  await show(
    'stopped',
    async () => void process.kill(redis.pid, 'SIGSTOP'),
    async () => void process.kill(redis.pid, 'SIGCONT'),
  );
  await show(
    'slow by 500 ms',
    async () => link.slowDown(500),
    async () => link.slowDown(0),
  );
  await show(
    'full',
    () => tell(port, 'CONFIG SET maxmemory 1kb'),
    () => tell(port, 'CONFIG SET maxmemory 64mb'),
  );
  await show(
    'restarted',
    async () => {
      await redis.kill();
      redis = await fleet.redis(port, '--maxmemory', '64mb');
    },
    async () => {},
  );
  running = false;
  await Promise.all(load);
  process.stdout.write(
    `${JSON.stringify({ calls: samples.length, failed: samples.filter(({ ok }) => !ok).length, missed })}\n`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  running = false;
  closeConnections();
  upstream.close();
  await link.close();
  await fleet.close();
}

/** Sends Redis an inline command. */
function tell(to: number, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(to, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
