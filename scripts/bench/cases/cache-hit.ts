// `cache_hit`: a call answered from memory, with clients told apart, limits, metrics and logs, beside bare bytes and a slow tool.
import { join } from 'node:path';
import type { BenchCase, Outcome } from '../bench-case.ts';
import type { Call } from '../calls.ts';
import { MODERN_LOOKUP } from '../calls.ts';
import type { Entry } from '../contenders.ts';
import { sameCall, startContenders } from '../contenders.ts';
import type { Lab } from '../lab.ts';
import { measureCalls } from '../measure-calls.ts';
import { post, waitUntilServed } from '../post.ts';
import type { Subject, SubjectPlan } from '../subject.ts';
import { direct } from '../subjects/direct.ts';
import { gatewayConfig, startGateway } from '../subjects/gateway.ts';
import { startMessageUpstream } from '../upstream/message-upstream.ts';

const SERVER = join(import.meta.dirname, '..', 'proxies', 'static-server.ts');
/** The slow tool, in ms. */
const TOOL_MS = 200;
const TIMES_FASTER = 100;
const MOST_CPU = 1.4;
const KEY = 'bench-key-0123456789abcdef0123456789';

const KEYED: Call = { ...MODERN_LOOKUP, headers: { ...MODERN_LOOKUP.headers, 'x-api-key': KEY } };

const cachingGateway: Subject = {
  name: 'gateway',
  start: (lab, plan) =>
    startGateway(lab, (port, adminPort) => {
      const config = gatewayConfig(plan, port, adminPort) as { pools: object[]; limits: object };
      return {
        ...config,
        limits: { ...config.limits, rate: { per_second: 1_000_000, burst: 1_000_000 } },
        clients: [{ id: 'bench', api_key: KEY }],
        pools: config.pools.map((pool) => ({ ...pool, tools: [{ match: 'lookup', cache: { ttl: '1h' } }] })),
      };
    }),
};

export const cacheHit: BenchCase = {
  name: 'cache_hit',
  about: `a tool of ${TOOL_MS} ms answered from memory, against a bare server of the same bytes`,
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const upstream = await startMessageUpstream(lab, [TOOL_MS]);
    const plan: SubjectPlan = { era: 'modern', upstreamPorts: upstream.ports, upstreamPid: upstream.pid };
    const gateway: Entry = { subject: cachingGateway, prepare: hitCall };
    const slow: Entry = { subject: direct, prepare: sameCall(MODERN_LOOKUP), concurrencies: [1] };
    const [hit] = await startContenders(lab, settings, plan, [gateway], outcome);
    if (hit === undefined) return outcome;
    const body = (await post(hit.running.port, KEYED)).body;
    const floor: Entry = { subject: sameBytes(lab, body), prepare: sameCall(KEYED) };
    const others = await startContenders(lab, settings, plan, [floor, slow], outcome);
    await measureCalls(lab, settings, 'cache_hit', [1, 64], [...others, hit], outcome);
    judge(outcome);
    return outcome;
  },
};

/** `node_floor` here: the answer of a hit, byte for byte, without any work for it. */
function sameBytes(lab: Lab, body: string): Subject {
  return {
    name: 'node_floor',
    start: async () => {
      const port = await lab.port();
      const argument = JSON.stringify({ port, body });
      return { port, ...(await lab.start('proxy', [process.execPath, SERVER, argument], port)) };
    },
  };
}

/** Fills the cache, and proves that the next call is answered from it. */
async function hitCall(port: number): Promise<readonly string[]> {
  await waitUntilServed(port, KEYED);
  const { body } = await post(port, KEYED);
  if (!body.includes('"mcp-gateway/cache":{"status":"hit"')) throw new Error(`no hit: ${body.slice(0, 300)}`);
  return sameCall(KEYED)(port);
}

function judge({ results, goals }: Outcome): void {
  const value = (subject: string, concurrency: number, metric: string) =>
    results.find((r) => r.subject === subject && r.concurrency === concurrency && r.metric === metric)?.value;
  const [tool, hit] = [value('direct', 1, 'p50_us'), value('gateway', 1, 'p50_us')];
  if (tool !== undefined && hit !== undefined) {
    const times = tool / hit;
    const text = `a ${TOOL_MS} ms tool answers ${times.toFixed(0)} times faster from the cache (at least ${TIMES_FASTER})`;
    goals.push({ text, met: times >= TIMES_FASTER });
  }
  const [floor, cost] = [
    value('node_floor', 64, 'cpu_us_per_request'),
    value('gateway', 64, 'cpu_us_per_request'),
  ];
  if (floor !== undefined && cost !== undefined) {
    const text = `c=64: a hit costs ${(cost / floor).toFixed(2)} times the CPU of a bare server of the same bytes (at most ${MOST_CPU})`;
    goals.push({ text, met: cost / floor <= MOST_CPU });
  }
}
