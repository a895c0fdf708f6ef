// What a server sees of a client: who it is, but neither its credentials nor anything that is meant for the gateway.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RawAnswer } from '../support/clients.ts';
import { rawCall } from '../support/clients.ts';
import type { Received } from '../support/faults/received.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { pools } from '../support/pools.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

let upstream: ScriptedUpstream;
let direct: TestGateway;
let behindProxy: TestGateway;

beforeAll(async () => {
  upstream = await startScripted((_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'upstream=secret',
      'www-authenticate': 'Bearer realm="upstream"',
      'access-control-allow-origin': '*',
      'mcp-session-id': 'upstream-session',
      server: 'upstream/1.0',
      'x-internal': 'secret',
      'retry-after': '7',
    });
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
  const config = pools(
    { a: [`${upstream.url}?key=v`] },
    { headers: { authorization: 'Bearer of-the-gateway' }, forward_headers: ['x-tenant'] },
  );
  direct = await startGateway(config);
  behindProxy = await startGateway({ ...config, listen: { trusted_proxies: ['127.0.0.0/8'] } });
});

afterAll(async () => {
  await direct.stop();
  await behindProxy.stop();
  await upstream.close();
});

const { body, headers } = modernRequest('tools/call', { name: 'run', arguments: {} });

async function ask(
  gateway: TestGateway,
  more: Record<string, string | string[]>,
): Promise<{ answer: RawAnswer; seen: Received }> {
  const answer = await rawCall(gateway.at('/a/mcp'), body, { ...headers, ...more });
  return { answer, seen: upstream.received.at(-1) as Received };
}

const secrets = {
  authorization: 'Bearer secret-of-client',
  'x-api-key': 'secret-key',
  cookie: 'secret=1',
  'proxy-authorization': 'Basic secret',
  'mcp-session-id': 'secret-session',
  'x-other': 'secret-other',
};

it('neither credentials nor cookies, session ids or unnamed headers of a client reach a server', async () => {
  const { seen } = await ask(direct, secrets);
  expect(seen.rawHeaders.join('\n')).not.toContain('secret');
  expect(seen.headers.authorization).toBe('Bearer of-the-gateway');
});

it('headers that the pool names cross, but for those that the client means for one hop', async () => {
  expect((await ask(direct, { 'x-tenant': 't1' })).seen.headers['x-tenant']).toBe('t1');
  const hop = await ask(direct, { 'x-tenant': 't1', connection: 'close, x-tenant' });
  expect(hop.seen.headers['x-tenant']).toBeUndefined();
});

it('a server gets its own host, path and query, and what mirrors the body', async () => {
  const { seen } = await ask(direct, { 'mcp-param-region': 'eu', host: 'localhost' });
  expect(seen.headers.host).toBe(new URL(upstream.url).host);
  expect(seen.url).toBe('/mcp?key=v');
  expect(seen.headers).toMatchObject({ ...headers, 'mcp-param-region': 'eu', 'accept-encoding': 'identity' });
});

it('a server is told who asks, whatever the client says of it', async () => {
  const claims = {
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-real-ip': '192.0.2.1',
    forwarded: 'for=192.0.2.1',
    host: 'localhost:80',
  };
  const { seen } = await ask(direct, claims);
  expect(seen.headers).toMatchObject({
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'localhost:80',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1;host="localhost:80";proto=http',
  });
});

it('a proxy of ours is believed', async () => {
  const { seen } = await ask(behindProxy, {
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'mcp.example',
  });
  expect(seen.headers).toMatchObject({
    'x-forwarded-for': '192.0.2.1, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'mcp.example',
    'x-real-ip': '192.0.2.1',
  });
});

it('cookies, challenges, session ids and the like of a server reach no client', async () => {
  const { answer } = await ask(direct, {});
  for (const name of ['set-cookie', 'www-authenticate', 'access-control-allow-origin', 'mcp-session-id']) {
    expect(answer.headers[name]).toBeUndefined();
  }
  expect(answer.rawHeaders.join('\n')).not.toMatch(/secret|upstream/);
  expect(answer.headers['retry-after']).toBe('7');
});
