// The ghost's forecast beside what the cache then does, on one workload; and what it tells of results.
import { describe, expect, it } from 'vitest';
import { Cache } from '../../gateway/cache/cache.ts';
import { Ghost } from '../../gateway/cache/ghost.ts';
import type { Tally } from '../../gateway/cache/ghost-tally.ts';
import { GHOST_TTLS_MS } from '../../gateway/cache/ghost-tally.ts';
import { cacheStages } from '../../gateway/cache/stages.ts';
import type { Handler } from '../../gateway/core/stage.ts';
import { compose } from '../../gateway/core/stage.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';
import { makeReply } from '../core/make-reply.ts';
import { seeded, zipf } from '../support/chance.ts';
import { plainRules } from './plain-rules.ts';

interface World {
  readonly cache: Cache;
  call(n: number, client?: string): Promise<string | undefined>;
}

function world(
  ttlMs: number | undefined,
  clock: { now: number },
  answer: (n: number, client: string) => string,
): World {
  const random = seeded(7);
  const cache = new Cache({ memoryBytes: 64 << 20, now: () => clock.now, random });
  const last: Handler = (x) => {
    const { n } = JSON.parse(x.body?.toString() ?? '').params.arguments;
    const result = { content: [{ type: 'text', text: answer(n, x.principal.id) }] };
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
    return Promise.resolve(makeReply({ body }));
  };
  const handler = compose(cacheStages(cache, plainRules(ttlMs)), last);
  return {
    cache,
    async call(n, client = 'one') {
      const x = makeExchange(request('tools/call', { name: 'look', arguments: { n } }));
      x.principal = caller(client);
      await handler(x);
      x.close();
      return x.cacheStatus;
    },
  };
}

describe('the ghost', () => {
  it.each(GHOST_TTLS_MS.map((ttlMs, i) => [ttlMs, i] as const))(
    'foretells the hit ratio of a ttl of %i ms within 5 points',
    async (ttlMs, i) => {
      const clock = { now: 1_700_000_000_000 };
      const before = world(undefined, clock, String);
      const after = world(ttlMs, clock, String);
      const next = zipf(2000, seeded(1));
      const random = seeded(2);
      let hits = 0;
      const calls = 20_000;
      for (let done = 0; done < calls; done++) {
        // About 20 calls a second, as chance has it.
        clock.now += -Math.log(1 - random()) * 50;
        const n = next();
        await before.call(n);
        if ((await after.call(n)) === 'hit') hits++;
      }
      const [figures] = before.cache.ghost.figures();
      const foretold = (figures?.clientHits[i] ?? 0) / (figures?.calls ?? 1);
      expect(Math.abs(foretold - hits / calls)).toBeLessThan(0.05);
      expect(hits / calls).toBeGreaterThan(0.2);
    },
  );

  it('tells whether equal arguments give equal results, for one client and between clients', async () => {
    const clock = { now: 1_700_000_000_000 };
    let count = 0;
    const { cache, call } = world(undefined, clock, (n, client) =>
      n === 1 ? client : n === 2 ? String(++count) : 'same',
    );
    for (const n of [1, 2, 3]) for (const client of ['a', 'a', 'b']) await call(n, client);
    expect(cache.ghost.figures()).toEqual([
      expect.objectContaining({ same: 2, different: 1, sameForOthers: 1, differentForOthers: 2 }),
    ]);
  });

  it.each([
    ['many keys', 20_000, 1, 2000],
    ['few keys', 50, 1, 2000],
    ['a flood of calls', 5000, 1, 4000],
    ['keys asked alike', 20_000, 0, 2000],
  ])(
    'looks at few calls of a busy tool, by whole keys, and still foretells: %s',
    (_name, keys, skew, perSecond) => {
      const seconds = 75;
      for (const tool of ['look', 'find']) {
        const clock = { now: 1_700_000_000_000 };
        const ghost = new Ghost(() => clock.now);
        const next = zipf(keys, seeded(1), skew);
        const missed = GHOST_TTLS_MS.map(() => 0);
        const fetched = GHOST_TTLS_MS.map(() => new Map<number, number>());
        const tally = ghost.tally('p', tool);
        for (let done = 0; done < perSecond * seconds; done++) {
          clock.now += 1000 / perSecond;
          const n = next();
          const args = Buffer.from(`{"n":${n}}`);
          ghost.called(tally as Tally, args, 0, args.length, caller('one'));
          GHOST_TTLS_MS.forEach((ttlMs, i) => {
            if (clock.now - (fetched[i]?.get(n) ?? 0) < ttlMs * 0.95) return;
            fetched[i]?.set(n, clock.now);
            missed[i] = (missed[i] as number) + 1;
          });
        }
        const [figures] = ghost.figures();
        const calls = perSecond * seconds;
        expect(figures?.calls).toBe(calls);
        // What is always there costs next to nothing, so that few keys are all looked at.
        expect(figures?.looks).toBeLessThan(keys > 1000 ? calls / 2 : calls + 1);
        for (const hits of [figures?.clientHits, figures?.publicHits]) {
          hits?.forEach((count, i) => {
            const found = 1 - (missed[i] as number) / calls;
            expect(Math.abs(count / calls - found)).toBeLessThan(0.05);
          });
        }
      }
    },
  );

  it('takes arguments for the same whose members stand in another order, and no others', () => {
    const ghost = new Ghost(() => 1_700_000_000_000);
    const tally = ghost.tally('p', 'look') as Tally;
    const call = (args: string) => {
      const bytes = Buffer.from(args);
      ghost.called(tally, bytes, 0, bytes.length, caller('one'));
    };
    const same = [
      '{"a":{"x":[1,{"y":"\\"}","z":2}]},"b":2}',
      '{ "b":2, "a": {"x": [1, {"z":2,"y":"\\"}"}]} }',
    ];
    const others = [
      '{"a":{"x":[{"y":"\\"}","z":2},1]},"b":2}',
      '{"a":2,"b":{"x":[1,{"y":"\\"}","z":2}]}}',
      '{"ab":2}',
      '{"a":{"b":2}}',
      '[]',
      '{}',
      '""',
      '{"a":"b,c"}',
      '{"a":"b","c":1}',
      '{"a":"1"}',
      '{"a":1}',
      '{"a":" 1"}',
    ];
    for (const args of [...same, ...others]) call(args);
    expect(ghost.figures()[0]?.clientHits[0]).toBe(1);
  });

  it('keeps what it knows within bounds, however many tools are named', () => {
    const ghost = new Ghost(() => 1_700_000_000_000);
    for (let i = 0; i < 10_000; i++) ghost.tally('p', `tool ${i}`);
    expect(ghost.figures().length).toBe(500);
  });
});
