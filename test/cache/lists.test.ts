// Lists and reads from the cache: as the servers state in the stateless era, by configuration in the sessionful one.
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, CacheRig } from './cache-rig.ts';

const rigs: CacheRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close(true);
});

async function rig(
  cache: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<CacheRig> {
  const started = await CacheRig.start({ cache }, (call) => call.text('x'), more);
  rigs.push(started);
  return started;
}

const asked = (started: CacheRig, method: string) =>
  started.upstream.messages.filter(
    (message) => message.method === method && message.params?._meta?.['own'] !== true,
  ).length;

describe('a list of the stateless era', () => {
  it('is kept for as long as its server says, and goes out with its age taken off', async () => {
    const started = await rig();
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
    const before = asked(started, 'resources/list');
    const first = await started.ask('resources/list', {});
    const second = await started.ask('resources/list', {}, { id: 2 });
    expect(first.cached).toBeUndefined();
    expect(second).toMatchObject({
      id: 2,
      cached: 'hit',
      result: { cacheScope: 'private', resultType: 'complete' },
    });
    expect(second.result?.['ttlMs']).toBeLessThanOrEqual(60_000);
    expect(second.result?.['ttlMs']).toBeGreaterThan(50_000);
    expect(asked(started, 'resources/list') - before).toBe(1);
  });

  it('is not kept where its server allows no time', async () => {
    const started = await rig();
    await started.ask('resources/list', {});
    expect((await started.ask('resources/list', {})).cached).toBeUndefined();
  });

  it('is another one for each page, each resource and each client', async () => {
    const started = await rig();
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
    await started.ask('resources/list', {});
    expect((await started.ask('resources/list', { cursor: '' })).cached).toBeUndefined();
    expect((await started.ask('resources/list', {}, { key: BOB })).cached).toBeUndefined();
    await started.ask('resources/read', { uri: 'a://1' });
    expect((await started.ask('resources/read', { uri: 'a://2' })).cached).toBeUndefined();
    expect((await started.ask('resources/read', { uri: 'a://1' })).cached).toBe('hit');
  });

  it.each([
    [false, undefined],
    [true, 'hit'],
  ])(
    'that is called public is shared between clients only where that is believed (%s)',
    async (believed, cached) => {
      const started = await rig({ trust_scope: believed });
      started.upstream.stated = { ttlMs: 60_000, cacheScope: 'public' };
      await started.ask('resources/list', {}, { key: ALICE });
      expect((await started.ask('resources/list', {}, { key: BOB })).cached).toBe(cached);
    },
  );

  it('is left alone where the pool says so', async () => {
    const started = await rig({ stated: false });
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
    await started.ask('resources/list', {});
    expect(await started.ask('resources/list', {})).toMatchObject({
      cached: undefined,
      cacheStatus: undefined,
    });
  });
});

describe('a list of the sessionful era', () => {
  it('is not kept unless configured, whatever its server states', async () => {
    const started = await rig();
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'public' };
    await started.askLegacy('resources/list', {});
    expect((await started.askLegacy('resources/list', {})).cached).toBeUndefined();
  });

  it.each([
    ['session', undefined, undefined],
    ['client', 'hit', undefined],
    ['public', 'hit', 'hit'],
  ])('with scope %s is kept so far', async (scope, otherSession, otherClient) => {
    const started = await rig({ lists: { ttl: '1m', ...(scope !== 'session' && { scope }) } });
    await started.askLegacy('resources/list', {});
    expect((await started.askLegacy('resources/list', {})).cached).toBe('hit');
    await started.session(ALICE, 0, true);
    expect((await started.askLegacy('resources/list', {})).cached).toBe(otherSession);
    expect((await started.askLegacy('resources/list', {}, { key: BOB })).cached).toBe(otherClient);
  });
});

describe('a kept list', () => {
  it.each(['modern', 'legacy'])(
    'is dropped when its server says that it has changed (%s)',
    async (era) => {
      const started = await rig({ lists: { ttl: '1m', scope: 'client' } });
      started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
      const list = (method: string) =>
        era === 'modern' ? started.ask(method, {}) : started.askLegacy(method, {});
      await list('resources/list');
      await list('prompts/list');
      const deadline = performance.now() + 15_000;
      while (started.upstream.streams.length === 0 && performance.now() < deadline)
        await new Promise(setImmediate);
      expect((await list('resources/list')).cached).toBe('hit');
      started.upstream.notify('notifications/resources/list_changed');
      while ((await list('resources/list')).cached === 'hit' && performance.now() < deadline);
      expect(performance.now()).toBeLessThan(deadline);
      expect((await list('prompts/list')).cached).toBe('hit');
    },
    30_000,
  );
});

describe('tools that call themselves read-only', () => {
  it('are kept by one rule where the servers are trusted, and only if they are closed to the world', async () => {
    const started = await CacheRig.start(
      { trust_annotations: true, cache: { read_only_tools: { ttl: '1m' } } },
      (call) => call.text('x'),
    );
    rigs.push(started);
    const tool = (name: string, annotations: object) => ({
      name,
      inputSchema: { type: 'object' },
      annotations,
    });
    started.upstream.tools = [
      tool('look', { readOnlyHint: true, openWorldHint: false }),
      tool('search', { readOnlyHint: true }),
      tool('write', { openWorldHint: false }),
    ];
    // The list is asked for when the first unknown name comes.
    const deadline = performance.now() + 15_000;
    while ((await started.modern('look', {})).cached !== 'hit' && performance.now() < deadline);
    expect((await started.modern('look', {})).cached).toBe('hit');
    for (const name of ['search', 'write']) {
      await started.modern(name, {});
      expect((await started.modern(name, {})).cached).toBeUndefined();
    }
  }, 30_000);
});
