// Browsers at the gateway: which hosts and origins are served, and what pages may read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const PAGE = 'https://page.example';
let upstream: FaultUpstream;
/** Bound to loopback without any list; with lists of its own. */
let plain: TestGateway;
let listed: TestGateway;

beforeAll(async () => {
  upstream = await startFaults();
  const pools = [{ name: 'a', endpoints: [{ url: upstream.url }] }];
  plain = await startGateway({ pools });
  const listen = { allowed_hosts: ['mcp.example', 'other.example:8443'], allowed_origins: [PAGE] };
  listed = await startGateway({ pools, listen });
});

afterAll(async () => {
  await plain.stop();
  await listed.stop();
  await upstream.close();
});

const { body, headers } = modernRequest('tools/list');
const ask = (gateway: TestGateway, more: Record<string, string | string[]>) =>
  rawCall(gateway.url, body, { ...headers, ...more });

describe('a Host', () => {
  it.each([
    ['localhost', 200],
    ['LOCALHOST:1234', 200],
    ['127.0.0.1:80', 200],
    ['[::1]:80', 200],
    ['rebound.example', 403],
    ['localhost.example', 403],
    ['127.0.0.1.nip.io', 403],
  ])('of a gateway on loopback that is %s is answered %i', async (host, status) => {
    expect((await ask(plain, { host })).status).toBe(status);
  });

  it.each([
    ['mcp.example', 200],
    ['mcp.example:9000', 200],
    ['other.example:8443', 200],
    ['other.example', 403],
    ['localhost', 403],
  ])('of a gateway with a list that is %s is answered %i', async (host, status) => {
    expect((await ask(listed, { host })).status).toBe(status);
  });
});

describe('an Origin', () => {
  const host = 'mcp.example';

  it.each([
    [PAGE, 200],
    ['https://mcp.example', 200],
    ['http://mcp.example', 200],
    ['null', 403],
    ['https://evil.example', 403],
    [`${PAGE}.evil.example`, 403],
    [`${PAGE}:8443`, 403],
    ['http://page.example', 403],
  ])('that is %s is answered %i', async (origin, status) => {
    const before = upstream.received.length;
    const answer = await ask(listed, { host, origin });
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(answer.json).toMatchObject({ id: null, error: { data: { reason: 'forbidden' } } });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(upstream.received.length).toBe(before);
  });

  it('that came twice is refused', async () => {
    expect((await ask(listed, { host, origin: [PAGE, PAGE] })).status).toBeGreaterThanOrEqual(400);
  });

  it('that may call may read the answer and the headers it needs', async () => {
    const { headers: answered } = await ask(listed, { host, origin: PAGE });
    expect(answered).toMatchObject({ 'access-control-allow-origin': PAGE, vary: 'Origin' });
    const exposed = String(answered['access-control-expose-headers']).toLowerCase();
    for (const name of ['mcp-session-id', 'www-authenticate']) expect(exposed).toContain(name);
    expect(answered['access-control-allow-credentials']).toBeUndefined();
  });

  it('asks beforehand, and is told what it may send', async () => {
    const asked = {
      host,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,mcp-method,mcp-session-id,authorization',
    };
    const preflight = (origin: string) =>
      rawCall(listed.url, undefined, { ...asked, origin }, { method: 'OPTIONS' });
    const answer = await preflight(PAGE);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-methods']).toBe('GET, POST, DELETE');
    expect(answer.headers['access-control-allow-headers']).toContain('mcp-session-id');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });
});
