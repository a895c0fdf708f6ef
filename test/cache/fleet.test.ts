// A fleet: several gateways with one Redis share what they fetch and what they purge, and believe nothing they cannot check.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatedCall, OnCall } from '../support/gated-upstream.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';
import { ALICE, BOB, CacheRig } from './cache-rig.ts';
import { RedisPeek } from './redis-peek.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

let server: RedisServer;
beforeEach(async () => {
  if (!hasRedis) return;
  server = await RedisServer.start();
  open.push(() => server.kill());
});

const KEY = '6fd2c3f0a9be41d07c85e1b2934af86d';

/** Two gateways whose caches are connected. */
async function fleet(
  onCall: OnCall,
  tools: unknown[],
  more: Record<string, unknown> = {},
): Promise<CacheRig> {
  const rules = [{ match: 'ready', cache: { ttl: '1m' } }, ...tools];
  let ready = 0;
  const rig = await CacheRig.start(
    { tools: rules },
    (call) => (call.message.params?.name === 'ready' ? call.text(`ready ${++ready}`) : onCall(call)),
    { count: 2, redis: { url: server.url, timeout: '5s' }, session_keys: [KEY], ...more },
  );
  open.push(() => rig.close());
  await connected(rig);
  return rig;
}

/** Waits until what one gateway has fetched is found by the other. */
async function connected(rig: CacheRig): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (let i = 0; performance.now() < deadline; i++) {
    await rig.modern('ready', { i }, {}, i % 2);
    if ((await rig.modern('ready', { i }, {}, (i + 1) % 2)).cached === 'hit') return;
  }
  throw new Error('the gateways do not share a cache after 10 s');
}

const calls = (rig: CacheRig, tool: string) =>
  rig.upstream.messages.filter(({ params }) => params?.name === tool).length;

let count = 0;
const counted: OnCall = (call) => call.text(`answer ${++count}`);

describe.skipIf(!hasRedis)('gateways with one Redis', () => {
  it('find what the other has fetched, large and compressed too, in both eras', async () => {
    const big = 'é'.repeat(50_000);
    const rig = await fleet((call) => call.text(big), [{ match: 'look', cache: { ttl: '1m' } }]);
    await rig.modern('look', {}, {}, 0);
    const found = await rig.legacy('look', {}, { id: 'x' }, 1);
    expect([found.cached, found.said, found.id]).toEqual(['hit', big, 'x']);
    expect(calls(rig, 'look')).toBe(1);
  });

  it('fetch once for 500 who ask both at the same time, though the first of them hangs up', async () => {
    let held: GatedCall | undefined;
    const rig = await fleet(
      (call) => {
        held = call;
      },
      [{ match: 'look', cache: { ttl: '1m', scope: 'public' } }],
    );
    const hangUp = new AbortController();
    const first = rig.modern('look', {}, { signal: hangUp.signal }, 0).catch(() => undefined);
    const deadline = performance.now() + 20_000;
    while (held === undefined && performance.now() < deadline) await new Promise(setImmediate);
    const asked = Array.from({ length: 499 }, (_, id) =>
      rig.modern('look', {}, { id, key: id % 3 ? ALICE : BOB }, id % 2),
    );
    await rig.inFlight(500);
    hangUp.abort();
    await first;
    await rig.inFlight(500);
    held?.text('once');
    const answers = await Promise.all(asked);
    expect(answers.filter(({ said }) => said === 'once')).toHaveLength(499);
    expect(answers.map(({ id }) => id)).toEqual(answers.map((_, id) => id));
    expect(calls(rig, 'look')).toBe(1);
  }, 60_000);

  it('let go of a call whose client hangs up while the other gateway fetches', async () => {
    let held: GatedCall | undefined;
    const rig = await fleet(
      (call) => {
        held = call;
      },
      [{ match: 'look', cache: { ttl: '1m', scope: 'public' } }],
    );
    const fetching = rig.modern('look', {}, {}, 0);
    const deadline = performance.now() + 20_000;
    while (held === undefined && performance.now() < deadline) await new Promise(setImmediate);
    const hangUp = new AbortController();
    const waiting = rig.modern('look', {}, { signal: hangUp.signal }, 1).catch(() => undefined);
    await rig.inFlight(2);
    hangUp.abort();
    await waiting;
    await rig.inFlight(1);
    held?.text('once');
    expect((await fetching).said).toBe('once');
  }, 60_000);

  it('purge by tag what a tool changes, also where it is being fetched', async () => {
    const held: GatedCall[] = [];
    let holds = false;
    const onCall: OnCall = (call) => {
      if (holds && call.message.params?.name === 'read') held.push(call);
      else counted(call);
    };
    const rig = await fleet(onCall, [
      { match: 'read', cache: { ttl: '1m', tags: ['schema'] } },
      { match: 'change', invalidates: ['schema'] },
    ]);
    const before = await rig.modern('read', {}, {}, 0);
    expect((await rig.modern('read', {}, {}, 1)).said).toBe(before.said);
    await rig.modern('change', {}, {}, 0);
    const after = await until(
      () => rig.modern('read', {}, {}, 1),
      ({ said }) => said !== before.said,
    );
    expect(after.cached).toBeUndefined();
    holds = true;
    await rig.modern('change', {}, {}, 0);
    await until(
      () => {
        void rig.modern('read', {}, { id: 'slow' }, 1).catch(() => undefined);
        return new Promise(setImmediate);
      },
      () => held.length > 0,
    );
    await rig.modern('change', {}, {}, 0);
    holds = false;
    await until(
      () => Promise.resolve(),
      () => rig.upstream.messages.filter(({ params }) => params?.name === 'change').length === 3,
    );
    for (const call of held.splice(0)) call.text('from before the change');
    const fresh = await rig.modern('read', {}, {}, 0);
    expect(fresh.said).not.toBe('from before the change');
    const other = await until(
      () => rig.modern('read', {}, {}, 1),
      ({ said }) => said === fresh.said,
    );
    expect(other.said).toBe(fresh.said);
  });

  it('take swapped, altered, cut and foreign values for misses, count them and drop them', async () => {
    const rig = await fleet(counted, [{ match: 'look', cache: { ttl: '1m' } }]);
    const peek = await RedisPeek.connect(server.url);
    open.push(() => peek.close());
    const before = await peek.values();
    await rig.modern('look', { of: 'alice' }, { key: ALICE }, 0);
    await rig.modern('look', { of: 'bob' }, { key: BOB }, 0);
    const [one, two] = (await peek.values()).filter(({ key }) => !before.some((known) => known.key === key));
    if (one === undefined || two === undefined) throw new Error('nothing is stored');
    await peek.set(one.key, two.value);
    await peek.set(two.key, one.value);
    expect((await rig.modern('look', { of: 'alice' }, { key: ALICE }, 1)).cached).toBeUndefined();
    expect((await rig.modern('look', { of: 'bob' }, { key: BOB }, 1)).cached).toBeUndefined();
    const bits = Buffer.from(one.value);
    bits[bits.length - 3] = (bits[bits.length - 3] ?? 0) ^ 1;
    const version = Buffer.from(one.value);
    version[16] = 99;
    for (const [i, value] of [
      bits,
      version,
      one.value.subarray(0, 40),
      Buffer.from('9'.repeat(16)),
      Buffer.from('altered'),
      Buffer.concat([Buffer.from('x'.repeat(16)), one.value.subarray(16)]),
    ].entries()) {
      await rig.modern('look', { i }, {}, 0);
      const stored = (await peek.values()).filter(({ key }) => !before.some((known) => known.key === key));
      for (const { key } of stored) await peek.set(key, value);
      expect((await rig.modern('look', { i }, {}, 1)).cached).toBeUndefined();
    }
    const metrics = await rig.gateways[1]?.metrics();
    const rejected = [...(metrics ?? [])].filter(([name]) =>
      name.startsWith('mcp_gateway_cache_rejected_total'),
    );
    expect(rejected.reduce((sum, [, value]) => sum + value, 0)).toBe(8);
  });

  it('hand on what a gateway that died was fetching', async () => {
    const held: GatedCall[] = [];
    const rig = await fleet((call) => held.push(call), [{ match: 'look', cache: { ttl: '1m' } }]);
    const peek = await RedisPeek.connect(server.url);
    open.push(() => peek.close());
    const asked = rig.modern('look', {}, {}, 0);
    await until(
      () => Promise.resolve(),
      () => held.length === 1,
    );
    const lease = await peek.lease();
    // Another process that has died: its lease is there and nobody renews it.
    await peek.set(lease, Buffer.from('somebody else'), 300);
    const other = rig.modern('look', {}, {}, 1);
    await until(
      () => Promise.resolve(),
      () => held.length === 2,
    );
    for (const call of held) call.text('here');
    expect([(await asked).said, (await other).said]).toEqual(['here', 'here']);
  });
});

async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    if (performance.now() > deadline) throw new Error('not within 20 s');
    await new Promise(setImmediate);
  }
}
