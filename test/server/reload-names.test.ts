// Reloads that bring names: nobody is cut off while a name is asked for, nor where it has no address.
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

let old: FaultUpstream;
let named: FaultUpstream;
/** By name, what the resolver says; what is not there has no address. */
let says: Map<string, () => Promise<string[]>>;
/** The names that it was asked for, in order. */
let asked: string[];

const never = () => new Promise<string[]>(() => undefined);
const here = () => Promise.resolve(['127.0.0.1']);
const soon = { timeout: 10_000, interval: 5 };

beforeEach(async () => {
  [old, named] = [await startFaults({ sessions: true }), await startFaults({ sessions: true })];
  says = new Map();
  asked = [];
});

afterEach(async () => {
  for (const up of [old, named]) await up.close();
});

async function start(yaml: string): Promise<TestGateway> {
  const gw = await startGateway(yaml, {
    resolve(name) {
      asked.push(name);
      return says.get(name)?.() ?? Promise.reject(new Error('NXDOMAIN'));
    },
  });
  onTestFinished(() => gw.stop(500));
  return gw;
}

/** An endpoint behind a name. */
function dns(name: string, up = named): string {
  return `{ dns: ${name}, port: ${new URL(up.url).port} }`;
}

function url(up: FaultUpstream): string {
  return `{ url: "${up.url}" }`;
}

function pool(name: string, ...endpoints: string[]): string {
  return `{ name: ${name}, session_recovery: always, endpoints: [${endpoints.join(', ')}] }`;
}

function file(...pools: string[]): string {
  return `pools:\n${pools.map((one) => `  - ${one}\n`).join('')}`;
}

async function call(gw: TestGateway, path?: string): Promise<number> {
  const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
  return (await rawCall(gw.at(path), body, headers)).status;
}

async function known(gw: TestGateway): Promise<void> {
  await vi.waitFor(async () => expect(await call(gw)).toBe(200), soon);
}

describe('a reload that brings a name', () => {
  it.each([
    ['in the place of a URL', () => [pool('a', url(old)), pool('a', dns('b.internal'))]],
    ['in the place of another', () => [pool('a', dns('a.internal', old)), pool('a', dns('b.internal'))]],
    ['in a new pool', () => [pool('a', url(old)), pool('b', dns('b.internal'))]],
  ])('%s takes over once its addresses are known', async (_where, pools) => {
    says.set('a.internal', here);
    const [before, next] = pools() as [string, string];
    const gw = await start(file(before));
    await known(gw);
    const hello = initializeRequest();
    const opened = await rawCall(gw.at(), hello.body, hello.headers);
    const answer = Promise.withResolvers<string[]>();
    says.set('b.internal', () => answer.promise);
    gw.rewrite(file(next));
    const reloaded = gw.reload('signal');
    await vi.waitFor(() => expect(asked).toContain('b.internal'), soon);
    expect(await call(gw)).toBe(200);
    expect(named.calls()).toEqual([]);
    answer.resolve(['127.0.0.1']);
    expect(await reloaded).toMatchObject({ ok: true });
    expect(await call(gw)).toBe(200);
    expect(named.calls()).toHaveLength(1);
    const session = String(opened.headers['mcp-session-id']);
    const { body, headers } = legacyRequest('tools/call', { name: 'ok' }, 2, session);
    // A session knows its pool: only there can it go on.
    expect((await rawCall(gw.at(), body, headers)).status).toBe(next.includes('name: a') ? 200 : 404);
  });

  it('that another pool follows asks nobody, nor does one at another port', async () => {
    says.set('a.internal', here);
    const gw = await start(file(pool('a', dns('a.internal', old))));
    await known(gw);
    says.clear();
    gw.rewrite(file(pool('b', dns('a.internal', old))));
    expect(await gw.reload('signal')).toMatchObject({ ok: true });
    expect(await call(gw)).toBe(200);
    gw.rewrite(file(pool('b', dns('a.internal'))));
    expect(await gw.reload('signal')).toMatchObject({ ok: true });
    expect(await call(gw)).toBe(200);
    expect(named.calls()).toHaveLength(1);
  });
});

describe('a reload that brings a name without an address', () => {
  it.each([
    ['the pool had endpoints', () => pool('a', dns('b.internal'))],
    ['its route had endpoints', () => pool('b', dns('b.internal'))],
  ])('is refused with its place where %s, and made up for when there is one', async (_where, next) => {
    const gw = await start(file(pool('a', url(old))));
    const later = Promise.withResolvers<string[]>();
    const answers = [() => Promise.reject(new Error('SERVFAIL')), () => later.promise, here];
    says.set('b.internal', () => (answers.shift() ?? here)());
    gw.rewrite(file(next()));
    expect(await gw.reload('signal')).toEqual({
      ok: false,
      problems: [
        expect.stringMatching(/gateway\.yaml:4:\d+ pools\[0\]\.endpoints\[0\]\.dns: b\.internal .*SERVFAIL/),
      ],
    });
    expect(await call(gw)).toBe(200);
    expect(await gw.metric('mcp_gateway_config_last_reload_successful')).toBe(0);
    later.resolve(['127.0.0.1']);
    await vi.waitFor(
      () => expect(gw.logs()).toContainEqual(expect.objectContaining({ event: 'reload', cause: 'name' })),
      soon,
    );
    expect(await call(gw)).toBe(200);
    expect(named.calls()).toHaveLength(1);
  });

  it('is made up for by the answer that tells of one, though the next one takes longer than anybody waits', async () => {
    const gw = await start(file(pool('a', url(old))));
    const answers = [() => Promise.reject(new Error('SERVFAIL')), here];
    says.set('b.internal', () => (answers.shift() ?? never)());
    gw.rewrite(file(pool('a', dns('b.internal'))));
    expect(await gw.reload('signal')).toMatchObject({ ok: false });
    await vi.waitFor(
      () => expect(gw.logs()).toContainEqual(expect.objectContaining({ event: 'reload', cause: 'name' })),
      soon,
    );
    expect(await call(gw)).toBe(200);
    expect(named.calls()).toHaveLength(1);
  });

  it.each([
    ['its pool has other endpoints', () => [pool('a', url(old), dns('b.internal'))], ''],
    ['its pool is new', () => [pool('a', url(old)), pool('b', dns('b.internal'))], 'b'],
  ])('takes over where %s, and says so once', async (_where, next, added) => {
    const gw = await start(file(pool('a', url(old))));
    const routes = `routes: [{ path: /mcp, pools: [a] }${added && ', { path: /new, pools: [b] }'}]\n`;
    gw.rewrite(file(...next()) + routes);
    expect(await gw.reload('signal')).toMatchObject({ ok: true });
    expect(await call(gw)).toBe(200);
    if (added !== '') expect(await call(gw, '/new')).toBe(503);
    says.set('b.internal', here);
    const dnsEvents = () => gw.logs().filter(({ event }) => String(event).startsWith('dns_'));
    await vi.waitFor(() => expect(dnsEvents()).toHaveLength(2), soon);
    expect(dnsEvents()).toEqual([
      expect.objectContaining({ event: 'dns_away', message: 'b.internal: NXDOMAIN' }),
      expect.objectContaining({ event: 'dns_back', message: 'b.internal' }),
    ]);
  });
});

describe('while a reload waits for a name', () => {
  it('the gateway stops as ever', async () => {
    const gw = await start(file(pool('a', url(old))));
    says.set('b.internal', never);
    gw.rewrite(file(pool('a', dns('b.internal'))));
    const reloaded = gw.reload('signal');
    await vi.waitFor(() => expect(asked).toEqual(['b.internal']), soon);
    await gw.stop(500);
    expect(await reloaded).toEqual({ ok: false, problems: ['The gateway is about to stop'] });
  });

  it('further ones wait for it, and are one', async () => {
    const gw = await start(file(pool('a', url(old))));
    const answer = Promise.withResolvers<string[]>();
    says.set('b.internal', () => answer.promise);
    gw.rewrite(file(pool('a', dns('b.internal'))));
    const first = gw.reload('signal');
    await vi.waitFor(() => expect(asked).toEqual(['b.internal']), soon);
    gw.rewrite(`limits: { timeout: 9s }\n${file(pool('a', dns('b.internal')))}`);
    const further = [gw.reload('signal'), gw.reload('admin')];
    answer.resolve(['127.0.0.1']);
    expect(await first).toMatchObject({ changed: ['pools[a].endpoints'] });
    for (const one of further) expect(await one).toMatchObject({ changed: ['limits.timeout'] });
    const reloads = () => gw.logs().filter(({ event }) => event === 'reload');
    await vi.waitFor(() => expect(reloads()).toHaveLength(2), soon);
  });
});
