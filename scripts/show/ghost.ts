// Shows the ghost's forecast beside what the cache then does, for each time to live, on one Zipf workload under a clock of its own.
import { Cache } from '../../gateway/cache/cache.ts';
import { GHOST_TTLS_MS } from '../../gateway/cache/ghost-tally.ts';
import { cacheStages } from '../../gateway/cache/stages.ts';
import type { Handler } from '../../gateway/core/stage.ts';
import { compose } from '../../gateway/core/stage.ts';
import { plainRules } from '../../test/cache/plain-rules.ts';
import { caller, makeExchange, request } from '../../test/core/make-exchange.ts';
import { makeReply } from '../../test/core/make-reply.ts';
import { zipf } from '../../test/support/chance.ts';

const SECONDS = 900;
const PER_SECOND = Number(process.argv[2] ?? 200);
const KEYS = 5000;
const CLIENTS = 3;
const ALLOWED_POINTS = 5;

let now = 1_700_000_000_000;
const clock = () => now;

const upstream: Handler = (x) =>
  Promise.resolve(
    makeReply({ body: Buffer.from(`{"jsonrpc":"2.0","id":${x.envelope.id},"result":{"content":[]}}`) }),
  );

/** A cache whose one tool is kept for `ttlMs`; undefined: there is no rule for it. */
function cacheOf(ttlMs: number | undefined): { readonly cache: Cache; readonly handler: Handler } {
  const cache = new Cache({ memoryBytes: 64 << 20, now: clock, random: Math.random });
  return { cache, handler: compose(cacheStages(cache, plainRules(ttlMs)), upstream) };
}

async function call(handler: Handler, n: number, client: string): Promise<boolean> {
  const x = makeExchange(request('tools/call', { name: 'look', arguments: { n } }));
  x.principal = caller(client);
  await handler(x);
  x.close();
  return x.cacheStatus === 'hit';
}

const zipfian = zipf(KEYS, Math.random);
const before = cacheOf(undefined);
const after = GHOST_TTLS_MS.map((ttlMs) => ({ ttlMs, hits: 0, ...cacheOf(ttlMs) }));
const calls = SECONDS * PER_SECOND;
for (let i = 0; i < calls; i++) {
  now += (-Math.log(1 - Math.random()) * 1000) / PER_SECOND;
  const n = zipfian();
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
