// Several routes and one audience: what each route says it is, and that the SDK clients' check of it passes everywhere.
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
import { resourceOf } from '../../gateway/auth/resource-metadata.ts';
import { AuthorizationServer } from '../support/authorization-server.ts';
import { rawCall } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const INFO = { name: 'test-client', version: '1.0.0' };

describe('the resource that a route is', () => {
  const at = (audience: string, publicUrl?: string) =>
    resourceOf('/mcp', { audience, publicUrl, issuer: 'https://i', scopes: [] });

  it.each([
    ['the audience, where that is the origin', 'https://a.example', undefined, 'https://a.example'],
    [
      'the audience, where that is its URL',
      'https://a.example/mcp',
      'https://a.example',
      'https://a.example/mcp',
    ],
    [
      'its URL, where the audience is another route',
      'https://a.example/b/mcp',
      undefined,
      'https://a.example/mcp',
    ],
    [
      'its URL, where the audience only begins alike',
      'https://a.example/m',
      undefined,
      'https://a.example/mcp',
    ],
    [
      'its URL, where the audience is elsewhere',
      'https://b.example',
      'https://a.example/',
      'https://a.example/mcp',
    ],
  ])('is %s', (_what, audience, publicUrl, resource) => {
    expect(at(audience, publicUrl)).toBe(resource);
  });
});

describe('routes of one audience', () => {
  let upstream: GatedUpstream;
  let issuer: AuthorizationServer;
  let gateway: TestGateway;
  let origin: string;

  beforeAll(async () => {
    upstream = await GatedUpstream.start((call) => call.text('done'));
    const port = await freePort();
    origin = `http://localhost:${port}`;
    issuer = await AuthorizationServer.start(`${origin}/mcp`);
    gateway = await startGateway({
      listen: { port },
      auth: {
        mode: 'required',
        jwt: { issuer: issuer.issuer, audience: `${origin}/mcp`, jwks_uri: issuer.jwksUri },
      },
      pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }],
    });
  });

  afterAll(async () => {
    await gateway.stop();
    await issuer.stop();
    await upstream.close();
  });

  const options = () => ({ clientId: 'robot', clientSecret: 'secret', expectedIssuer: issuer.issuer });

  it.each(['/mcp', '/a/mcp'])('let SDK v1 find its token for %s', async (path) => {
    const client = new V1Client(INFO);
    const transport = new V1Transport(new URL(origin + path), { authProvider: new V1Credentials(options()) });
    await client.connect(transport as Transport);
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ content: [{ text: 'done' }] });
    await client.close();
  });

  it.each(['/mcp', '/a/mcp'])('let SDK v2 find its token for %s', async (path) => {
    const client = new V2Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(
      new V2Transport(new URL(origin + path), { authProvider: new V2Credentials(options()) }),
    );
    expect(await client.callTool({ name: 'echo', arguments: {} })).toMatchObject({
      content: [{ text: 'done' }],
    });
    await client.close();
  });

  it.each([
    ['/mcp', '/mcp', 200],
    ['/mcp', '/a/mcp', 200],
    ['/a/mcp', '/a/mcp', 200],
    ['/a/mcp', '/mcp', 401],
    ['/b/mcp', '/a/mcp', 401],
  ])('answer a token for %s at %s with %i', async (aud, path, status) => {
    const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: {} });
    const token = await issuer.token({ aud: origin + aud });
    const answer = await rawCall(origin + path, body, { ...headers, authorization: `Bearer ${token}` });
    expect(answer.status).toBe(status);
  });
});
