// Access tokens at a running gateway, from a real authorization server, and the SDK clients' own way to them.

import {
  Client as V2Client,
  ClientCredentialsProvider as V2Credentials,
  StreamableHTTPClientTransport as V2Transport,
} from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as V1Credentials } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizationServer, forged } from '../support/authorization-server.ts';
import { rawCall } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

const INFO = { name: 'test-client', version: '1.0.0' };
const SCOPE = 'mcp:tools';

let upstream: GatedUpstream;
let issuer: AuthorizationServer;
let gateway: TestGateway;
let audience: string;

beforeAll(async () => {
  upstream = await GatedUpstream.start((call) => call.text('done'));
  const port = await freePort();
  audience = `http://localhost:${port}`;
  issuer = await AuthorizationServer.start(audience);
  gateway = await startGateway({
    listen: { port },
    auth: {
      mode: 'required',
      jwt: { issuer: issuer.issuer, audience, jwks_uri: issuer.jwksUri, scopes: [SCOPE] },
    },
    clients: [{ id: 'bob', tools: { deny: ['echo'] } }],
    pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }],
  });
});

afterAll(async () => {
  await gateway.stop();
  await issuer.stop();
  await upstream.close();
});

const call = modernRequest('tools/call', { name: 'echo', arguments: {} }, 7);

function send(token: string, { body, headers } = call) {
  return rawCall(gateway.url, body, { ...headers, authorization: `Bearer ${token}` });
}

describe('a token', () => {
  it.each([
    ['of the issuer for this gateway', {}],
    ['for several audiences, this one among them', { aud: ['https://else.where', 'AUDIENCE'] }],
    ['whose audience has the slash of a bare origin', { aud: 'AUDIENCE/' }],
    ['that has just expired, within the tolerance of clocks', { expiresIn: -1 }],
  ])('%s is good', async (_what, options: { aud?: string | string[]; expiresIn?: number }) => {
    const aud = JSON.parse(JSON.stringify(options.aud ?? audience).replace('AUDIENCE', audience)) as unknown;
    const answer = await send(await issuer.token({ ...options, aud, scope: `x ${SCOPE}` }));
    expect(answer.status).toBe(200);
  });

  it.each([
    ['for somebody else', { aud: 'https://else.where/mcp' }],
    ['for no audience', { aud: [] }],
    ['for a longer audience', { aud: 'http://localhost:1/mcp' }],
    ['that has expired', { expiresIn: -60 }],
    ['that is not valid yet', { claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['without a subject', { claims: { sub: undefined } }],
    ['without an end', { claims: { exp: undefined } }],
    ['whose subject is no text', { claims: { sub: 7 } }],
  ])('%s is refused', async (_what, options) => {
    const answer = await send(await issuer.token({ ...options, scope: SCOPE }));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.headers['www-authenticate']).toContain(
      `resource_metadata="${audience}/.well-known/oauth-protected-resource/mcp"`,
    );
    expect(answer.headers['www-authenticate']).toContain(`scope="${SCOPE}"`);
  });

  it('that is forged is refused, whatever it claims to be', async () => {
    const token = await issuer.token({ scope: SCOPE });
    const kid = issuer.server.issuer.keys.toJSON()[0]?.kid;
    const modulus = JSON.stringify(issuer.server.issuer.keys.toJSON()[0]);
    for (const bad of [
      forged(token, { alg: 'none' }),
      forged(token, { alg: 'None', kid }),
      forged(token, { alg: 'HS256', kid }, modulus),
      forged(token, { alg: 'HS256', kid }, ''),
      `${token.slice(0, -4)}AAAA`,
      token.split('.').slice(0, 2).join('.'),
      `${token}.${token}`,
      `${token.split('.')[0]}.e30.${token.split('.')[2]}`,
      'a.b.c',
      `${'x'.repeat(4000)}.${'y'.repeat(4000)}.z`,
    ]) {
      expect((await send(bad)).status).toBe(401);
    }
  });

  it('without the scope is answered 403, with the scope to ask for', async () => {
    const answer = await send(await issuer.token({ scope: 'other' }));
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toMatch(
      /error="insufficient_scope".*scope="mcp:tools".*resource_metadata=/,
    );
  });

  it('never reaches the upstream', async () => {
    const token = await issuer.token({ scope: SCOPE });
    await send(token);
    expect(upstream.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('gives its bearer the rules of the client it names', async () => {
    expect((await send(await issuer.token({ sub: 'bob', scope: SCOPE }))).status).toBe(403);
  });

  it('that was refreshed goes on with the session of its subject, and nobody else does', async () => {
    const first = await issuer.token({ sub: 'carol', scope: SCOPE });
    const opened = await send(first, initializeRequest());
    const list = legacyRequest('tools/list', {}, 2, String(opened.headers['mcp-session-id']));
    const refreshed = await issuer.token({ sub: 'carol', scope: SCOPE, claims: { jti: 'another' } });
    expect(refreshed).not.toBe(first);
    expect((await send(refreshed, list)).status).toBe(200);
    expect((await send(await issuer.token({ sub: 'dave', scope: SCOPE }), list)).status).toBe(404);
  });
});

describe('the resource metadata', () => {
  it.each(['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'])(
    'is at %s for anybody',
    async (path) => {
      const answer = await rawCall(gateway.origin + path, undefined, { origin: 'https://app.example' });
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.json).toMatchObject({
        resource: audience,
        authorization_servers: [issuer.issuer],
        bearer_methods_supported: ['header'],
        scopes_supported: [SCOPE],
      });
    },
  );
});

describe('an SDK client that knows nothing but the URL and its own secret', () => {
  const options = { clientId: 'robot', clientSecret: 'secret', scope: SCOPE };

  it('finds its token and calls a tool with SDK v1', async () => {
    const client = new V1Client(INFO);
    const authProvider = new V1Credentials({ ...options, expectedIssuer: issuer.issuer });
    const url = new URL(`${audience}/mcp`);
    await client.connect(new V1Transport(url, { authProvider }) as Transport);
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ content: [{ text: 'done' }] });
    await client.close();
  });

  it('finds its token and calls a tool with SDK v2', async () => {
    const client = new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    const authProvider = new V2Credentials({ ...options, expectedIssuer: issuer.issuer });
    await client.connect(new V2Transport(new URL(`${audience}/mcp`), { authProvider }));
    expect(await client.callTool({ name: 'echo', arguments: {} })).toMatchObject({
      content: [{ text: 'done' }],
    });
    await client.close();
  });
});

describe('a rotation of keys', () => {
  it('under load loses no call', async () => {
    const statuses = new Set<number>();
    let calls = 0;
    let over = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!over) {
        statuses.add((await send(await issuer.token({ scope: SCOPE, claims: { n: calls++ } }))).status);
      }
    });
    for (let turn = 0; turn < 3; turn++) {
      const enough = calls + 50;
      while (calls < enough) await send(await issuer.token({ scope: SCOPE }));
      await issuer.rotate();
    }
    over = true;
    await Promise.all(load);
    expect([...statuses]).toEqual([200]);
  });
});
