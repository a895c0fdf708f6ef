// New names: what a reload asks for is asked for in time, or not waited for.
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { newNames } from '../../gateway/upstream/new-names.ts';
import { HandClock, settle } from '../health/hand-clock.ts';

/** Asks for the names of one pool each, of a gateway that has none so far; `says` is what the resolver does. */
function ask(names: string[], says: (name: string) => Promise<string[]>) {
  const clock = new HandClock();
  const stopping = new AbortController();
  const config = (pools: string[]) =>
    configSchema.parse({
      pools: pools.map((dns, i) => ({ name: `p${i}`, endpoints: [{ dns, port: 80 }] })),
    });
  const running = { config: config(['other']), pools: new Map() };
  const asking = { resolve: says, clock, random: () => 1, found: new Map(), signal: stopping.signal };
  const found = newNames({ next: config(names), running }, asking);
  return { found, clock, stopping };
}

describe('new names', () => {
  it('are asked for all at once, and waited for no longer than five seconds', async () => {
    const { found, clock } = ask(['quick.internal', 'hung.internal'], (name) =>
      name.startsWith('quick')
        ? Promise.resolve(['10.0.0.2', '10.0.0.1', '10.0.0.2'])
        : new Promise(() => {}),
    );
    let over = false;
    void found.then(() => {
      over = true;
    });
    await clock.pass(4900);
    expect(over).toBe(false);
    await clock.pass(200);
    expect(await found).toMatchObject({
      addresses: new Map([['quick.internal', ['10.0.0.1', '10.0.0.2']]]),
      away: new Map([['hung.internal', 'no answer within 5 s']]),
    });
  });

  it('that the resolver does not know are not waited for', async () => {
    const { found, clock } = ask(['a.internal', 'b.internal'], (name) =>
      name.startsWith('a') ? Promise.reject(new Error('NXDOMAIN')) : Promise.resolve([]),
    );
    expect([...(await found).away]).toEqual([
      ['a.internal', 'NXDOMAIN'],
      ['b.internal', 'no address'],
    ]);
    expect(clock.waiting).toBe(0);
  });

  it('are given up when nobody waits any more', async () => {
    const { found, clock, stopping } = ask(['hung.internal'], () => new Promise(() => {}));
    await settle();
    stopping.abort(new Error('over'));
    await expect(found).rejects.toThrow('over');
    expect(clock.waiting).toBe(0);
  });
});
