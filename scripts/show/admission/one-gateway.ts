// Shows with one gateway: a greedy client beside modest ones, aborts without end, large results, a flood of sessions.
import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet, RunningGateway } from '../fleet.ts';
import { metric, ToolUpstream } from '../fleet.ts';
import { call, InFlight, loop, MIB, p99, post, tally } from './load.ts';

const clients = ['greedy', ...Array.from({ length: 20 }, (_, i) => `modest${i}`)];
const named = clients.map((id) => ({ id, api_key: `key-${id}` }));

const rss = (gateway: RunningGateway) => metric(gateway.adminUrl, 'process_resident_memory_bytes');

/** One client with 200 calls at once against 10 slots, and what 20 others notice of it. */
export async function greedy(fleet: Fleet): Promise<object> {
  const inFlight = new InFlight();
  const upstream = new ToolUpstream((_name, { client }) =>
    inFlight.during(String(client), async () => {
      await pause(50);
      return 'done';
    }),
  );
  const gateway = await fleet.gateway(
    await upstream.listen(),
    { connections: 1000 },
    { clients: named, limits: { concurrency: 10, queue: { size: 100, timeout: '2s' } } },
  );
  const modest = async (ms: number) => {
    const took: number[] = [];
    const until = performance.now() + ms;
    await loop(
      20,
      () => performance.now() > until,
      async (i) => {
        const { status, ms: one } = await call(gateway.url, `key-modest${i}`, 'work', {
          client: `modest${i}`,
        });
        if (status !== 200) throw new Error(`a modest client got ${status}`);
        took.push(one);
      },
    );
    return took;
  };
  await modest(2000);
  const alone = await modest(8000);
  const statuses: number[] = [];
  let over = false;
  const pressure = loop(
    200,
    () => over,
    async () => {
      const { status } = await call(gateway.url, 'key-greedy', 'work', { client: 'greedy' });
      statuses.push(status);
      // A client that is refused and comes back at once would measure the machine rather than the limit.
      if (status === 429) await pause(100);
    },
  );
  await pause(500);
  const beside = await modest(8000);
  over = true;
  await pressure;
  upstream.close();
  return {
    mostInFlightOfGreedy: inFlight.most.get('greedy'),
    greedyStatuses: tally(statuses),
    p99AloneMs: p99(alone),
    p99BesideMs: p99(beside),
    ratio: p99(beside) / p99(alone),
  };
}

/** Calls whose clients leave at random: what is left of them. */
export async function aborts(fleet: Fleet, count = 100_000): Promise<object> {
  const upstream = new ToolUpstream(async () => {
    await pause(Math.random() * 10);
    return 'done';
  });
  const gateway = await fleet.gateway(
    await upstream.listen(),
    { tools: [{ match: '*', concurrency: 50 }], max_in_flight: 60 },
    { clients: named, limits: { concurrency: 10, queue: { size: 5, timeout: '1s' } } },
  );
  let left = count;
  const statuses: number[] = [];
  const run = async (until: number) =>
    loop(
      100,
      () => left <= until,
      async (i) => {
        left--;
        const abort = Math.random() < 0.5 ? Math.random() * 15 : undefined;
        statuses.push((await call(gateway.url, `key-${clients[i % 21]}`, 'work', {}, abort)).status);
      },
    );
  const rssMiB: number[] = [];
  for (let tenth = 9; tenth >= 0; tenth--) {
    await run((count * tenth) / 10);
    rssMiB.push(Math.round((await rss(gateway)) / MIB));
  }
  await pause(2000);
  const gauges = Object.fromEntries(
    await Promise.all(
      [
        'mcp_gateway_in_flight',
        'mcp_gateway_endpoint_in_flight',
        'mcp_gateway_queue_depth',
        'mcp_gateway_streams',
      ].map(async (name) => [name, await metric(gateway.adminUrl, name)] as const),
    ),
  );
  upstream.close();
  return {
    calls: count,
    statuses: tally(statuses),
    gauges,
    rssMiBAfterEachTenth: rssMiB,
  };
}

/** A hundred results of 200 000 characters at once. */
export async function exports(fleet: Fleet): Promise<object> {
  const text = 'x'.repeat(200_000);
  const upstream = new ToolUpstream(() => text);
  const gateway = await fleet.gateway(await upstream.listen(), {}, { limits: { concurrency: 100 } });
  const one = () => call(gateway.url, '', 'export');
  for (let i = 0; i < 20; i++) await one();
  const before = await rss(gateway);
  const answers = await Promise.all(Array.from({ length: 100 }, one));
  const after = await rss(gateway);
  const chars = answers.map(({ text: answer }) => {
    const { result } = JSON.parse(answer) as { result: { content: { text?: string }[] } };
    return result.content.reduce((sum, { text: said }) => sum + (said?.length ?? 0), 0);
  });
  upstream.close();
  return {
    statuses: tally(answers.map(({ status }) => status)),
    mostChars: Math.max(...chars),
    rssGrowthMiB: (after - before) / MIB,
  };
}

/** Sessions opened and never closed. */
export async function flood(fleet: Fleet, count = 1_000_000): Promise<object> {
  const upstream = new ToolUpstream(() => 'done');
  const gateway = await fleet.gateway(await upstream.listen(), {}, { limits: { concurrency: 200 } });
  const initialize = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'flood', version: '1' } },
  };
  let left = count;
  const rssMiB: number[] = [];
  const statuses: Record<string, number> = {};
  for (let tenth = 9; tenth >= 0; tenth--) {
    await loop(
      64,
      () => left <= (count * tenth) / 10,
      async () => {
        left--;
        const { status } = await post(gateway.url, initialize, {});
        statuses[status] = (statuses[status] ?? 0) + 1;
      },
    );
    rssMiB.push(Math.round((await rss(gateway)) / MIB));
  }
  upstream.close();
  return { initializes: count, statuses, rssMiBAfterEachTenth: rssMiB };
}
