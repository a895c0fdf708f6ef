// Pools: which endpoint is chosen, by what.
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../gateway/core/endpoint.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import type { PoolSettings } from '../../gateway/upstream/pool-settings.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';

const opened: Pool[] = [];

function makePool(change: Partial<PoolSettings> = {}, previous?: Pool): Pool {
  const pool = new Pool(
    {
      name: 'search',
      endpoints: [1, 2, 3].map((i) => ({ url: `http://10.0.0.${i}:8000/mcp`, weight: i })),
      balance: 'round_robin',
      affinity: 'session',
      sockets: {
        connections: 10,
        keepAliveMs: 4000,
        connectTimeoutMs: 2000,
        maxResponseBytes: 1_000_000,
        tls: {},
      },
      stateless: undefined,
      maxInFlight: 0,
      queueTimeoutMs: 5000,
      health: {
        path: undefined,
        checks: { intervalMs: 10_000, timeoutMs: 2000, unhealthyAfter: 3, healthyAfter: 1 },
        outlier: { consecutiveFailures: 5, ejectionMs: 30_000, maxEjectedPercent: 50 },
      },
      headers: [],
      forwardHeaders: new Set(),
      ...change,
    },
    { random: () => 0.5, previous },
  );
  opened.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.destroy()));
});

function by(client: string) {
  const x = makeExchange();
  x.principal = caller(client);
  return x;
}

describe('a pool', () => {
  it('picks by its balancer', () => {
    const pool = makePool();
    const picks = Array.from({ length: 6 }, () => pool.pick(by('a'), undefined)?.weight);
    expect(picks.sort()).toEqual([1, 2, 2, 3, 3, 3]);
  });

  it('sends what is stateless to servers known to be so, before those that may be, before all others', () => {
    for (const affinity of ['session', 'client'] as const) {
      const pool = makePool({ affinity });
      const [old, unknown, young] = pool.endpoints as [Endpoint, Endpoint, Endpoint];
      [old.stateless, young.stateless] = [false, true];
      pool.refresh();
      const stateless = by('a');
      stateless.era = modern;
      for (let i = 0; i < 4; i++) expect(pool.pick(stateless, undefined)).toBe(young);
      expect(pool.pick(stateless, [young])).toBeUndefined();
      expect(pool.pick(by('a'), [unknown, young])).toBe(old);
      expect([pool.isExhausted(stateless, [unknown, young]), pool.isExhausted(by('a'), [young])]).toEqual([
        true,
        false,
      ]);
      young.draining = true;
      pool.refresh();
      expect(pool.pick(stateless, undefined)).toBe(unknown);
      unknown.draining = true;
      pool.refresh();
      expect(pool.pick(stateless, undefined)).toBe(old);
    }
  });

  it('leaves out what was tried, and has nothing when all was', () => {
    for (const affinity of ['session', 'client', 'none'] as const) {
      const pool = makePool({ affinity });
      const tried: Endpoint[] = [];
      for (let i = 0; i < 3; i++) {
        const picked = pool.pick(by('a'), tried) as Endpoint;
        expect(tried).not.toContain(picked);
        tried.push(picked);
      }
      expect(pool.pick(by('a'), tried)).toBeUndefined();
    }
  });

  it('leaves out what is not available, by any balancer', () => {
    for (const balance of [
      'least_connections',
      'round_robin',
      'power_of_two',
      'peak_ewma',
      'rendezvous',
    ] as const) {
      const pool = makePool({ balance });
      const [first, second, third] = pool.endpoints as [Endpoint, Endpoint, Endpoint];
      first.draining = third.draining = true;
      pool.refresh();
      for (let i = 0; i < 20; i++) expect(pool.pick(by(`c${i}`), undefined)).toBe(second);
      second.draining = true;
      pool.refresh();
      expect(pool.pick(by('a'), undefined)).toBeUndefined();
    }
  });

  it('tells once when its last available endpoint is gone, drained or no longer of its name', () => {
    const name = {
      dns: 'search.test',
      protocol: 'http:',
      port: 8000,
      path: '/mcp',
      weight: 1,
      refreshMs: 30_000,
    } as const;
    const pool = makePool({ endpoints: [{ url: 'http://10.0.0.1:8000/mcp', weight: 1 }, name] });
    pool.resolve(name, ['10.0.0.2'], 0);
    let told = 0;
    pool.emptied = () => {
      expect(pool.available).toEqual([]);
      told++;
    };
    const [first] = pool.endpoints as [Endpoint];
    first.draining = true;
    pool.refresh();
    expect(told).toBe(0);
    pool.resolve(name, [], 1);
    expect(told).toBe(1);
    pool.refresh();
    expect(told).toBe(1);
    first.draining = false;
    pool.refresh();
    first.unhealthy = true;
    pool.refresh();
    expect(told).toBe(2);
  });

  it('brings a client to its endpoint where affinity goes by the client', () => {
    const pool = makePool({ affinity: 'client' });
    const other = makePool({ affinity: 'client' });
    const homes = new Map<string, string | undefined>();
    for (let i = 0; i < 60; i++) homes.set(`c${i}`, pool.pick(by(`c${i}`), undefined)?.id);
    for (const [client, home] of homes) expect(other.pick(by(client), undefined)?.id).toBe(home);
    expect(new Set(homes.values()).size).toBe(3);
  });

  it('sends nobody to a full endpoint, where affinity goes by the client too', () => {
    const pool = makePool({ affinity: 'client', maxInFlight: 1 });
    const call = makeExchange(request('tools/call', { name: 'run' }));
    const home = pool.pick(call, undefined) as Endpoint;
    const next = pool.pick(call, [home]) as Endpoint;
    next.inFlight = 1;
    expect(pool.pick(call, [home])).toBeUndefined();
    expect(pool.admits(call, [home])).toBe(false);
    expect(pool.pick(call, undefined)).toBe(home);
    expect(pool.pick(makeExchange({ jsonrpc: '2.0', method: 'notifications/progress' }), [home])).toBe(next);
  });

  it('finds endpoints by id, whatever their state, and only its own', () => {
    const pool = makePool();
    const [first] = pool.endpoints as [Endpoint];
    expect(pool.endpoint(first.id)).toBe(first);
    first.draining = true;
    pool.refresh();
    expect(pool.endpoint(first.id)).toBe(first);
    expect([pool.endpoint('nonsense'), pool.endpoint('__proto__')]).toEqual([undefined, undefined]);
  });

  it('names endpoints the same in every process, by pool and URL, and tells no address by it', () => {
    const ids = makePool().endpoints.map(({ id }) => id);
    expect(makePool().endpoints.map(({ id }) => id)).toEqual(ids);
    expect(new Set([...ids, ...makePool({ name: 'db' }).endpoints.map(({ id }) => id)]).size).toBe(6);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/);
  });

  it('lets upstream challenges through only where the client’s credential crosses', () => {
    expect(makePool().passesAuthorization).toBe(false);
    expect(makePool({ forwardHeaders: new Set(['authorization']) }).passesAuthorization).toBe(true);
  });

  it('keeps streams and calls on sockets apart, and counts none before the first call', () => {
    const pool = makePool();
    const [first] = pool.endpoints as [Endpoint];
    expect(pool.sockets(first, true)).not.toBe(pool.sockets(first, false));
    expect(pool.connections(first)).toEqual({ connected: 0, free: 0, pending: 0 });
    const [stranger] = makePool({ name: 'db' }).endpoints as [Endpoint];
    expect(() => pool.sockets(stranger, false)).toThrow('is not of pool search');
  });
});

describe('a pool that another one has replaced', () => {
  const first = { url: 'http://10.0.0.1:8000/mcp', weight: 1 };
  const second = { url: 'http://10.0.0.2:8000/mcp', weight: 1 };

  it('sends its last exchanges to the endpoints of that one, also when these have left in their turn', () => {
    const old = makePool({ endpoints: [first] });
    makePool({ endpoints: [second] }, old).takeOver();
    const picked = old.pick(by('a'), undefined);
    if (picked === undefined) throw new Error('nothing was picked');
    expect(picked.url).toBe(second.url);
    expect(old.endpoint(picked.id)).toBe(picked);
    const sockets = old.sockets(picked, false);
    makePool({ endpoints: [first] }, old).takeOver();
    expect(old.sockets(picked, false)).toBe(sockets);
    expect(old.pick(by('a'), undefined)?.url).toBe(first.url);
  });
});
