// What the admin listener tells and lets an operator do, without a browser.
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { AdminState } from '../../gateway/server/page/state.ts';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstreamOptions } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(config: Record<string, unknown> = {}, options: FaultUpstreamOptions = {}) {
  const upstream = await startFaults(options);
  closing.push(() => upstream.close());
  const pools = [
    { name: 'demo', endpoints: [{ url: `${upstream.url}?token=secret` }], retry: { attempts: 1 } },
  ];
  const gateway = await startGateway({ pools, routes: [{ path: '/mcp', pools: ['demo'] }], ...config });
  closing.push(() => gateway.stop());
  return { gateway, upstream };
}

async function state({ adminUrl }: TestGateway): Promise<AdminState> {
  return (await (await fetch(`${adminUrl}/admin/state`)).json()) as AdminState;
}

function call(gateway: TestGateway, tool: string) {
  const { body, headers } = modernRequest('tools/call', { name: tool, arguments: {} });
  return rawCall(gateway.url, body, headers);
}

function post({ adminUrl }: TestGateway, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(adminUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** The status of a GET by another host name, which fetch would not send. */
function statusAs(host: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

describe('/admin/state', () => {
  it('counts by endpoint, client and in all, with errors by type', async () => {
    const { gateway } = await start();
    await call(gateway, 'ok');
    await call(gateway, 'tool-error');
    await call(gateway, 'status-500');
    const { pools, clients, totals, ready, sessions } = await state(gateway);
    expect(ready).toBe(true);
    expect(totals).toMatchObject({ total_calls: 3, per_minute: 3 });
    expect(clients).toMatchObject([{ client: '127.0.0.1', calls: 3, in_flight: 0, queued: 0 }]);
    expect(clients[0]?.refusals).toEqual({ upstream_failed: 1 });
    expect(pools[0]?.endpoints[0]).toMatchObject({ state: 'available', why: null, in_flight: 0, calls: 3 });
    expect(sessions.in_flight).toBe(0);
  });

  it('shows no secret of an endpoint URL', async () => {
    const { gateway } = await start();
    expect(JSON.stringify(await state(gateway))).not.toContain('secret');
    expect(await (await fetch(gateway.adminUrl)).text()).not.toContain('token=secret');
  });

  it('says since when an endpoint is draining', async () => {
    const { gateway } = await start();
    const before = (await state(gateway)).pools[0]?.endpoints[0];
    await post(gateway, `/admin/endpoints/demo/${before?.id}/drain`, {});
    const after = (await state(gateway)).pools[0]?.endpoints[0];
    expect(after?.state).toBe('draining');
    expect(Date.parse(after?.changed_at ?? '')).toBeGreaterThan(Date.parse(before?.changed_at ?? ''));
  });
});

describe('POST /admin/call', () => {
  it('calls as the client admin and tells who answered and where the time went', async () => {
    const { gateway, upstream } = await start();
    const answer = await post(gateway, '/admin/call', { path: '/mcp', tool: 'ok', arguments: { a: 1 } });
    const figures = (await answer.json()) as Record<string, unknown>;
    const { endpoint, error_type, attempts, phases_ms, answer: message } = figures;
    expect([endpoint, error_type, attempts]).toEqual([upstream.url, null, 1]);
    expect(message).toHaveProperty('result.content');
    const { waiting, upstream: first, answer: rest, total } = phases_ms as Record<string, number>;
    expect((waiting as number) + (first as number) + (rest as number)).toBeCloseTo(total as number, 6);
    expect((await state(gateway)).clients).toMatchObject([{ client: 'admin', calls: 1 }]);
  });

  it('opens a session for the call where the upstream keeps sessions, and ends it', async () => {
    const { gateway, upstream } = await start({}, { era: 'legacy', sessions: true });
    const answer = await post(gateway, '/admin/call', { path: '/mcp', tool: 'ok' });
    expect(await answer.json()).toMatchObject({ status: 200, answer: { result: {} } });
    // The gateway has sessions of its own there, for its lists and checks.
    const made = upstream.calls().at(-1);
    expect(made?.headers['mcp-session-id']).toBeDefined();
    expect(upstream.sessions.has(String(made?.headers['mcp-session-id']))).toBe(false);
  });

  it('needs no credential of a client, and is under the policy of the client admin', async () => {
    const clients = [
      { id: 'admin', tools: { allow: ['ok'] } },
      { id: 'ci', api_key: 'k'.repeat(20) },
    ];
    const { gateway } = await start({ auth: { mode: 'required' }, clients });
    const ask = async (tool: string) =>
      (await (await post(gateway, '/admin/call', { path: '/mcp', tool })).json()) as { status: number };
    expect((await ask('ok')).status).toBe(200);
    expect((await ask('tool-error')).status).toBe(403);
    expect((await call(gateway, 'ok')).status).toBe(401);
  });

  it('shows what the gateway refused', async () => {
    const { gateway } = await start({ limits: { timeout: '50ms' } });
    const answer = await post(gateway, '/admin/call', { path: '/mcp', tool: 'hang' });
    expect(await answer.json()).toMatchObject({ status: 504, error_type: 'timeout' });
  });

  it.each([
    ['a form', { headers: { 'content-type': 'text/plain' }, status: 415 }],
    ['another origin', { headers: { origin: 'http://evil.example' }, status: 403 }],
    ['an origin that hides', { headers: { origin: 'null' }, status: 403 }],
    ['no token', { headers: {}, status: 401, admin: { token: 'sesame' } }],
  ])('refuses %s', async (_name, { headers, status, admin = {} }: Refused) => {
    const { gateway, upstream } = await start({ admin });
    const answer = await post(gateway, '/admin/call', { path: '/mcp', tool: 'ok' }, headers);
    expect([answer.status, upstream.calls().length]).toEqual([status, 0]);
  });

  it('refuses what is no call', async () => {
    const { gateway } = await start();
    const statuses = [
      await post(gateway, '/admin/call', { path: '/mcp' }),
      await post(gateway, '/admin/call', { path: '/mcp', tool: 'ok', arguments: [] }),
      await post(gateway, '/admin/call', { path: '/none', tool: 'ok' }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 404]);
  });
});

interface Refused {
  headers: Record<string, string>;
  status: number;
  admin?: Record<string, unknown>;
}

describe('the admin listener on loopback', () => {
  it('answers to loopback names and those of the configuration, and to no other', async () => {
    const { gateway } = await start({ listen: { allowed_hosts: ['gw.example.com'] } });
    const { port } = new URL(gateway.adminUrl);
    for (const path of ['/', '/events', '/metrics', '/admin/state', '/page/page.js']) {
      expect(await statusAs('evil.example', gateway.adminUrl + path)).toBe(403);
    }
    for (const host of [`localhost:${port}`, '127.0.0.1', `[::1]:${port}`, 'GW.example.com:9090']) {
      expect(await statusAs(host, `${gateway.adminUrl}/admin/state`)).toBe(200);
    }
    expect(await statusAs('10.0.0.7', `${gateway.adminUrl}/livez`)).toBe(200);
  });

  it('changes nothing by GET', async () => {
    const { gateway } = await start();
    for (const path of ['/admin/call', '/admin/reload', '/admin/purge']) {
      expect((await fetch(gateway.adminUrl + path)).status).toBe(404);
    }
  });
});
