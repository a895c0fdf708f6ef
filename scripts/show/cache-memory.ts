// Shows that memory stays within its bound: distinct results far beyond `cache.memory` pass through one gateway.
import { readFileSync } from 'node:fs';
import { atOnce, callTool, closeConnections } from './calls.ts';
import { Fleet, ToolUpstream } from './fleet.ts';

const TOTAL_BYTES = Number(process.argv[2] ?? 1000) * 1e6;
const MEMORY_MIB = 64;
const ALLOWED_OVER_MIB = 40;
/** Calls of each size before the idle process is measured; their results are not kept. */
const WARM_UP = 1500;
/** Calls of one size. */
const MOST_CALLS = 60_000;

/** Sizes as results have them: many small ones, some large. */
const sizes = [300, 1000, 4000, 16_000, 64_000, 250_000];

const fleet = new Fleet();
const upstream = new ToolUpstream((_name, args) => `${String(args['n'])} `.padEnd(Number(args['size']), 'x'));
try {
  const url = await upstream.listen();
  const tools = [{ match: 'look', cache: { ttl: '1h' } }];
  const gateway = await fleet.gateway(
    url,
    { tools },
    { cache: { memory: `${MEMORY_MIB}MiB` }, limits: { response_chars: 10_000_000, concurrency: 100 } },
  );
  const rss = () =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024;
  // Warm: what the gateway needs for work of this kind, with nothing kept.
  for (const size of sizes) {
    await atOnce(16, WARM_UP, async (n) => {
      await callTool({ url: gateway.url }, 'uncached', { n, size }, n);
    });
  }
  const idle = rss();
  let most = 0;
  let left = TOTAL_BYTES;
  for (const [i, size] of sizes.entries()) {
    // An equal share of what is left, but of small ones no more than it takes to fill the cache with them.
    const count = Math.min(MOST_CALLS, Math.ceil(left / (sizes.length - i) / size));
    left -= count * size;
    await atOnce(16, count, async (n) => {
      await callTool({ url: gateway.url }, 'look', { n, size }, n);
      if (n % 200 === 0) most = Math.max(most, rss());
    });
    process.stdout.write(`${size} B: ${rss().toFixed(0)} MiB\n`);
  }
  const over = most - idle;
  process.stdout.write(
    `${JSON.stringify({ megabytes: TOTAL_BYTES / 1e6, warm_up_calls: WARM_UP * sizes.length, idle_mib: Math.round(idle), most_mib: Math.round(most), over_idle_mib: Math.round(over), allowed_mib: MEMORY_MIB + ALLOWED_OVER_MIB })}\n`,
  );
  process.exitCode = over <= MEMORY_MIB + ALLOWED_OVER_MIB ? 0 : 1;
} finally {
  closeConnections();
  upstream.close();
  await fleet.close();
}
