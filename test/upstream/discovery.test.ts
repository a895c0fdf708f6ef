// Discovery: a name's addresses are endpoints that come and go, and outlive the resolver's failures.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Discovery } from '../../gateway/upstream/discovery.ts';
import type { DnsEndpoint } from '../../gateway/upstream/endpoint-list.ts';
import { EndpointList } from '../../gateway/upstream/endpoint-list.ts';
import { HandClock } from '../health/hand-clock.ts';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const source: DnsEndpoint = {
  dns: 'search.internal',
  protocol: 'http:',
  port: 8000,
  path: '/mcp',
  weight: 2,
  refreshMs: 30_000,
};

/** A discovery whose resolver says what the test sets. */
async function discover(first: string[] | Error) {
  const clock = new HandClock();
  const resolver = { says: first, asked: 0 };
  const found: string[][] = [];
  const told: [boolean, string][] = [];
  const discovery = new Discovery({
    source,
    resolve() {
      resolver.asked++;
      return resolver.says instanceof Error ? Promise.reject(resolver.says) : Promise.resolve(resolver.says);
    },
    clock,
    random: () => 1,
    found: (addresses) => found.push([...addresses]),
    tell: (ok, why) => told.push([ok, why]),
  });
  await clock.pass(0);
  return { clock, resolver, found, told, discovery };
}

describe('discovery', () => {
  it('asks at once and then at each refresh, and gives each answer in order and without doubles', async () => {
    const { clock, resolver, found, discovery } = await discover(['10.0.0.2', '10.0.0.1', '10.0.0.2']);
    expect(found).toEqual([['10.0.0.1', '10.0.0.2']]);
    resolver.says = ['10.0.0.3'];
    await clock.pass(30_000);
    expect(found.at(-1)).toEqual(['10.0.0.3']);
    discovery.stop();
    expect(clock.waiting).toBe(0);
  });

  it('keeps the last good answer while the resolver fails or knows nothing, and tells once of each change', async () => {
    const { clock, resolver, found, told } = await discover(['10.0.0.1']);
    resolver.says = new Error('SERVFAIL');
    await clock.pass(60_000);
    resolver.says = [];
    await clock.pass(30_000);
    expect(found).toHaveLength(1);
    resolver.says = ['10.0.0.1'];
    await clock.pass(30_000);
    expect(told.map(([ok]) => ok)).toEqual([false, true]);
    expect(told[0]?.[1]).toContain('SERVFAIL');
  });

  it('asks each second until there is a first answer', async () => {
    const { clock, resolver, found } = await discover(new Error('NXDOMAIN'));
    await clock.pass(3000);
    expect(resolver.asked).toBe(4);
    resolver.says = ['10.0.0.1'];
    await clock.pass(1000);
    expect(found).toEqual([['10.0.0.1']]);
  });
});

describe('the endpoints of a name', () => {
  it('have an id each, the same in every process, and are reached at their addresses by their name', () => {
    const [one, other] = [new EndpointList('p'), new EndpointList('p')];
    one.resolve(source, ['10.0.0.1', 'fd00::1'], 0);
    other.resolve(source, ['fd00::1', '10.0.0.1'], 0);
    expect(one.all.map(({ id }) => id)).toEqual(other.all.map(({ id }) => id).toReversed());
    expect(one.all.map(({ url }) => url)).toEqual(['http://10.0.0.1:8000/mcp', 'http://[fd00::1]:8000/mcp']);
    expect(one.all[0]).toMatchObject({ name: 'search.internal', hostname: '10.0.0.1', weight: 2 });
  });

  it('drain when their address leaves, go when they are no longer there, and come back with it', () => {
    const list = new EndpointList('p');
    list.resolve(source, ['10.0.0.1', '10.0.0.2'], 0);
    const [, leaving] = list.all;
    if (leaving === undefined) throw new Error('no endpoint');
    leaving.inFlight = 1;
    expect(list.resolve(source, ['10.0.0.1'], 1000)).toEqual([]);
    expect(leaving.state).toBe('draining');
    expect(list.get(leaving.id)).toBe(leaving);
    list.resolve(source, ['10.0.0.1', '10.0.0.2'], 2000);
    expect(leaving.state).toBe('available');
    list.resolve(source, ['10.0.0.1'], 3000);
    leaving.unhealthy = true;
    expect(list.resolve(source, ['10.0.0.1'], 4000)).toEqual([]);
    leaving.inFlight = 0;
    expect(list.resolve(source, ['10.0.0.1'], 5000)).toEqual([leaving]);
    expect(list.get(leaving.id)).toBeUndefined();
  });

  it('are taken over by a pool that knows the same name, port and path', () => {
    const before = new EndpointList('p');
    before.resolve(source, ['10.0.0.1'], 0);
    const [same, otherPort] = [new EndpointList('p'), new EndpointList('p')];
    same.adopt(source, before.all);
    otherPort.adopt({ ...source, port: 9000 }, before.all);
    expect(same.all).toEqual(before.all);
    expect(otherPort.all).toEqual([]);
  });

  it('go on leaving in the pool that takes them over, until the name stands for them again', () => {
    const [before, after] = [new EndpointList('p'), new EndpointList('p')];
    before.resolve(source, ['10.0.0.1', '10.0.0.2'], 0);
    before.resolve(source, ['10.0.0.2'], 1000);
    after.adopt({ ...source, weight: 3 }, before.all);
    expect(after.all.map(({ state, weight }) => [state, weight])).toEqual([
      ['draining', 3],
      ['available', 3],
    ]);
    after.resolve(source, ['10.0.0.1', '10.0.0.2'], 2000);
    expect(after.all.map(({ state }) => state)).toEqual(['available', 'available']);
  });
});

describe('a gateway before a name', () => {
  it('calls the addresses behind it under its name', async () => {
    const upstream = await startFaults({ name: 'named' });
    const { port } = new URL(upstream.url);
    const gateway = await startGateway({
      pools: [{ name: 'named', endpoints: [{ dns: 'localhost', port: Number(port), path: '/mcp' }] }],
    });
    onTestFinished(async () => {
      await gateway.stop();
      await upstream.close();
    });
    const ready = async () => (await fetch(`${gateway.adminUrl}/readyz`)).status;
    await expect.poll(ready, { timeout: 15_000 }).toBe(200);
    const { body, headers } = modernRequest('tools/call', { name: 'read' });
    expect(await rawCall(gateway.url, body, headers)).toMatchObject({ status: 200 });
    expect(upstream.calls()[0]?.headers.host).toBe(`localhost:${port}`);
  });
});
