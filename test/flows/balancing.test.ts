// Where calls go: spread by the pool's balancer, and elsewhere at once when an endpoint takes no connection.
import { afterEach, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';
import { pools } from '../support/pools.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(count: number, settings: Record<string, unknown>, dead: string[] = []) {
  const upstreams: GatedUpstream[] = [];
  for (let i = 0; i < count; i++) {
    const upstream = await GatedUpstream.start();
    upstreams.push(upstream);
    cleanups.push(() => upstream.close());
  }
  const urls = [...dead, ...upstreams.map(({ url }) => url)];
  const limits = { concurrency: 100 };
  const gateway = await startGateway({ ...pools({ a: urls }, settings), limits });
  cleanups.push(() => gateway.stop());
  return { gateway, upstreams };
}

function call(gateway: TestGateway, id: number | string = 1) {
  const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: {} }, id);
  return rawCall(gateway.at('/a/mcp'), body, headers);
}

const settled = (calls: Promise<unknown>[], upstreams: GatedUpstream[]) => {
  for (const upstream of upstreams) upstream.releaseAll();
  return Promise.all(calls);
};

describe('least connections', () => {
  it('gives each of equal endpoints its share of calls at once', async () => {
    const { gateway, upstreams } = await start(3, { balance: 'least_connections' });
    const calls = Array.from({ length: 9 }, () => call(gateway));
    await Promise.all(upstreams.map((upstream) => upstream.whenHeld(3)));
    expect(upstreams.map(({ held }) => held.length)).toEqual([3, 3, 3]);
    await settled(calls, upstreams);
  });

  it('gives an endpoint that hangs nothing more while others are free', async () => {
    const { gateway, upstreams } = await start(3, { balance: 'least_connections' });
    const [hanging, ...others] = upstreams as [GatedUpstream, GatedUpstream, GatedUpstream];
    for (const other of others) other.onCall = (one) => one.text('done');
    const first: Promise<unknown>[] = [];
    while (hanging.held.length === 0) {
      const one = call(gateway);
      first.push(one);
      await Promise.race([one, hanging.whenHeld(1)]);
    }
    for (let i = 0; i < 30; i++) await call(gateway);
    expect(hanging.held.length).toBe(1);
    await settled(first, upstreams);
  });
});

describe('round robin', () => {
  it('gives an endpoint that hangs as much as any other', async () => {
    const { gateway, upstreams } = await start(3, { balance: 'round_robin' });
    const [hanging, ...others] = upstreams as [GatedUpstream, GatedUpstream, GatedUpstream];
    for (const other of others) other.onCall = (one) => one.text('done');
    const calls = Array.from({ length: 12 }, () => call(gateway));
    await hanging.whenHeld(4);
    await settled(calls, upstreams);
    const callsOf = ({ messages }: GatedUpstream) =>
      messages.filter(({ method }) => method === 'tools/call').length;
    expect(upstreams.map(callsOf)).toEqual([4, 4, 4]);
  });
});

describe('an endpoint that refuses connections', () => {
  it('is passed over at once, for calls, sessions and streams', async () => {
    const dead = [`http://127.0.0.1:${await freePort()}/mcp`, `http://127.0.0.1:${await freePort()}/mcp`];
    const { gateway, upstreams } = await start(1, { balance: 'round_robin' }, dead);
    const [alive] = upstreams as [GatedUpstream];
    alive.onCall = (one) => one.text('done');
    for (let i = 0; i < 6; i++) expect((await call(gateway, i)).json).toMatchObject({ id: i, result: {} });
    const { body } = legacyRequest('tools/call', { name: 'echo', arguments: {} });
    expect((await rawCall(gateway.at('/a/mcp'), body)).status).toBe(200);
    expect(alive.messages.filter(({ method }) => method === 'tools/call')).toHaveLength(7);
  });

  it('leaves an error under the call’s own id when there is no other', async () => {
    const dead = [`http://127.0.0.1:${await freePort()}/mcp`, `http://127.0.0.1:${await freePort()}/mcp`];
    const { gateway } = await start(0, {}, dead);
    const { status, json } = await call(gateway, 'mine');
    expect([502, 503]).toContain(status);
    expect(json).toMatchObject({ id: 'mine', error: { data: { source: 'gateway' } } });
  });
});
