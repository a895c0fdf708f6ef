// Shows that equal calls at once are fetched once by two gateways with one Redis, also when the client that came first leaves.
import type { ClientRequest } from 'node:http';
import { request } from 'node:http';
import { callTool, closeConnections } from './calls.ts';
import { Fleet, metric, ToolUpstream } from './fleet.ts';

const CALLS = 500;
const TOOL_MS = 1500;

const fleet = new Fleet();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const upstream = new ToolUpstream(async (_name, args) => {
  await pause(TOOL_MS);
  return `n ${String(args['n'])}`;
});
let ok = true;

/** All but the first, spread over the gateways; gives how many were answered well. */
async function followers(urls: readonly string[], n: number): Promise<number> {
  const said = await Promise.all(
    Array.from({ length: CALLS - 1 }, (_, i) =>
      callTool({ url: urls[i % urls.length] as string }, 'look', { n }, i).then(
        ({ status, text }) => status === 200 && text === `n ${n}`,
        () => false,
      ),
    ),
  );
  return said.filter(Boolean).length;
}

/** A call whose client can leave. */
function first(url: string, n: number): { req: ClientRequest; answered: Promise<boolean> } {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'look', arguments: { n }, _meta };
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'look',
  };
  const req = request(url, { method: 'POST', headers });
  const answered = new Promise<boolean>((resolve) => {
    req.on('response', (res) => {
      res.resume();
      res.on('end', () => resolve(res.statusCode === 200));
    });
    req.on('error', () => resolve(false));
  });
  req.end(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'tools/call', params }));
  return { req, answered };
}

function tell(row: Record<string, unknown>, good: boolean): void {
  ok &&= good;
  process.stdout.write(`${JSON.stringify({ ...row, ok: good })}\n`);
}

try {
  const url = await upstream.listen();
  const port = await fleet.lab.port();
  await fleet.redis(port);
  const more = {
    redis: { url: `redis://127.0.0.1:${port}` },
    limits: { concurrency: 1000, queue: { size: 1000, timeout: '30s' } },
  };
  const pool = { tools: [{ match: '*', cache: { ttl: '10m' } }] };
  const gateways = [await fleet.gateway(url, pool, more), await fleet.gateway(url, pool, more)];
  const urls = gateways.map((gateway) => gateway.url);
  for (const { adminUrl } of gateways) {
    while ((await metric(adminUrl, 'mcp_gateway_redis_up')) !== 1) await pause(50);
  }
  for (const leaves of [false, true]) {
    const n = leaves ? 2 : 1;
    const before = upstream.calls;
    const leader = first(urls[0] as string, n);
    while (upstream.calls === before) await pause(5);
    const others = followers(urls, n);
    await pause(TOOL_MS / 2);
    if (leaves) leader.req.destroy();
    const answered = (await others) + ((await leader.answered) ? 1 : 0);
    const fetched = upstream.calls - before;
    const wanted = leaves ? CALLS - 1 : CALLS;
    tell(
      { calls: CALLS, first_client_left: leaves, upstream_calls: fetched, answered },
      fetched === 1 && answered === wanted,
    );
  }
  // All at once, nobody known to be first.
  const before = upstream.calls;
  const [one, others] = await Promise.all([first(urls[1] as string, 3).answered, followers(urls, 3)]);
  const answered = others + (one ? 1 : 0);
  tell(
    { calls: CALLS, at_once: true, upstream_calls: upstream.calls - before, answered },
    upstream.calls - before === 1 && answered === CALLS,
  );
  process.exitCode = ok ? 0 : 1;
} finally {
  closeConnections();
  upstream.close();
  await fleet.close();
}
