// Shows the ghost's forecast beside what the cache then does, for each time to live, on one Zipf workload under a clock of its own.
import { Cache } from '../../gateway/cache/cache.ts';
import { GHOST_TTLS_MS } from '../../gateway/cache/ghost-tally.ts';
import type { CacheRule, PoolRules } from '../../gateway/cache/rules.ts';
import { cacheStages } from '../../gateway/cache/stages.ts';
import { Exchange } from '../../gateway/core/exchange.ts';
import type { Handler } from '../../gateway/core/stage.ts';
import { compose } from '../../gateway/core/stage.ts';
import { readEnvelope } from '../../gateway/mcp/envelope-reader.ts';
import { legacy } from '../../gateway/mcp/eras/legacy.ts';
import { Inbound } from '../../gateway/mcp/inbound.ts';

const SECONDS = 900;
const PER_SECOND = Number(process.argv[2] ?? 200);
const KEYS = 5000;
const CLIENTS = 3;
const ALLOWED_POINTS = 5;

let now = 1_700_000_000_000;
const clock = () => now;

const upstream: Handler = (x) =>
  Promise.resolve({
    status: 200,
    headers: [],
    body: Buffer.from(`{"jsonrpc":"2.0","id":${x.envelope.id},"result":{"content":[]}}`),
    sse: false,
    upstreamSession: undefined,
    refusal: undefined,
  });

/** A cache whose one tool is kept for `ttlMs`; undefined: there is no rule for it. */
function cacheOf(ttlMs: number | undefined): { readonly cache: Cache; readonly handler: Handler } {
  const lifetimes = { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, tags: [], maxEntryBytes: 1 << 20 };
  const keys = { scope: 'client', stated: false, varyHeaders: [], varyPaths: [] } as const;
  const rule: CacheRule | undefined = ttlMs === undefined ? undefined : { ...lifetimes, ...keys, ttlMs };
  const rules: PoolRules = {
    pool: 'show',
    generation: '1',
    tool: () => rule,
    stated: undefined,
    lists: undefined,
    purges: false,
    invalidates: () => undefined,
    clientControl: false,
    sharesPublic: false,
    forwardedHeaders: [],
    listKept: () => {},
    refreshTimeoutMs: 1000,
  };
  const cache = new Cache({ memoryBytes: 64 << 20, now: clock, random: Math.random });
  return { cache, handler: compose(cacheStages(cache, rules), upstream) };
}

async function call(handler: Handler, n: number, client: string): Promise<boolean> {
  const params = { name: 'look', arguments: { n } };
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  const x = new Exchange(new Inbound(), legacy, () => Promise.resolve(body), 0);
  const envelope = readEnvelope(body);
  if ('problem' in envelope) throw new Error(envelope.problem);
  x.body = body;
  x.envelope = envelope;
  x.principal = { id: client, binding: client, policy: undefined };
  await handler(x);
  x.close();
  return x.cacheStatus === 'hit';
}

const sums: number[] = [];
for (let i = 1; i <= KEYS; i++) sums.push((sums.at(-1) ?? 0) + 1 / i);
/** The n-th key is as likely as 1/n. */
function zipf(): number {
  const wanted = Math.random() * (sums.at(-1) as number);
  return sums.findIndex((sum) => sum >= wanted);
}

const before = cacheOf(undefined);
const after = GHOST_TTLS_MS.map((ttlMs) => ({ ttlMs, hits: 0, ...cacheOf(ttlMs) }));
const calls = SECONDS * PER_SECOND;
for (let i = 0; i < calls; i++) {
  now += (-Math.log(1 - Math.random()) * 1000) / PER_SECOND;
  const n = zipf();
  const client = `client ${i % CLIENTS}`;
  await call(before.handler, n, client);
  for (const one of after) if (await call(one.handler, n, client)) one.hits++;
}
const [figures] = before.cache.ghost.figures();
for (const [i, { ttlMs, hits }] of after.entries()) {
  const foretold = (100 * (figures?.clientHits[i] ?? 0)) / calls;
  const achieved = (100 * hits) / calls;
  const row = { ttl_s: ttlMs / 1000, calls, looked_at: figures?.looks, foretold, achieved };
  process.stdout.write(
    `${JSON.stringify(row, (_k, v: unknown) => (typeof v === 'number' ? Math.round(v * 10) / 10 : v))}\n`,
  );
  if (Math.abs(foretold - achieved) > ALLOWED_POINTS) process.exitCode = 1;
}
