// Every row of the table of refusals, reached over real sockets in both eras, and what the SDK clients make of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusals } from '../../gateway/core/refusal.ts';
import { connectV1, connectV2, rawCall } from '../support/clients.ts';
import type { GatedCall } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';

let upstream: GatedUpstream;
let gateway: TestGateway;

/** Tools of the upstream: `hold` is answered by hand, `break` breaks, anything else is answered at once. */
function onCall(call: GatedCall): void {
  const { name } = call.message.params ?? {};
  if (name === 'hold' || name === 'shared') upstream.held.push(call);
  else if (name === 'break') call.response.destroy();
  else if (name !== 'hang') call.text('done');
}

beforeAll(async () => {
  upstream = await GatedUpstream.start(onCall);
  gateway = await startGateway({
    listen: { max_body: '64KiB' },
    auth: { mode: 'required' },
    limits: { concurrency: 2, queue: { size: 0, timeout: '50ms' } },
    clients: ['any', 'busy', 'fast', 'sharer'].map((id) => ({
      id,
      api_key: `key-${id}`,
      tools: { deny: ['denied'] },
      ...(id === 'fast' && { rate: { per_second: 0.01, burst: 4 } }),
    })),
    pools: [
      {
        name: 'p',
        endpoints: [{ url: upstream.url }],
        tools: [
          { match: 'hang', timeout: '60ms' },
          { match: 'shared', concurrency: 1 },
        ],
      },
      { name: 'gone', endpoints: [{ url: upstream.url }] },
    ],
    routes: [
      { path: '/mcp', pools: ['p'], prefix: 'never' },
      { path: '/gone', pools: ['gone'], prefix: 'never' },
    ],
    admin: { token: 'token' },
  });
  const drain = `/admin/endpoints/gone/${encodeURIComponent(upstream.url)}/drain`;
  await fetch(gateway.adminUrl + drain, { method: 'POST', headers: { authorization: 'Bearer token' } });
});

afterAll(async () => {
  upstream.releaseAll();
  await gateway.stop();
  await upstream.close();
});

type Request = typeof modernRequest;

interface Way {
  /** The tool that is called. */
  tool?: string;
  key?: string;
  path?: string;
  /** Makes the call into one that is refused. */
  bend?(message: { body: Record<string, unknown>; headers: Record<string, string> }): {
    body: unknown;
    headers: Record<string, string>;
  };
  /** Brings about what the refusal needs. */
  first?(request: Request): Promise<unknown>;
  /** What the answer's id is where it is not the call's. */
  id?: null;
}

function send(request: Request, { tool = 'echo', key = 'key-any', path = '/mcp', bend }: Way) {
  const made = request('tools/call', { name: tool, arguments: {} }, 'id-7');
  const { body, headers } = bend?.(made) ?? made;
  return rawCall(gateway.origin + path, body, { 'x-api-key': key, ...headers });
}

/** Calls that stay in flight until the test is over. */
async function hold(request: Request, key: string, count: number, tool = 'hold'): Promise<void> {
  for (let i = 0; i < count; i++) send(request, { tool, key }).catch(() => undefined);
  await upstream.whenHeld(count);
}

const ways: Record<string, Way> = {
  unauthorized: { key: 'wrong', id: null },
  forbidden: { tool: 'denied' },
  too_many_concurrent: { key: 'key-busy', first: (request) => hold(request, 'key-busy', 2) },
  rate_limited: {
    key: 'key-fast',
    first: async (request) => {
      for (let i = 0; i < 4; i++) await send(request, { key: 'key-fast' });
    },
  },
  body_too_large: { bend: ({ headers }) => ({ body: 'x'.repeat(70_000), headers }), id: null },
  bad_request: { bend: ({ body, headers }) => ({ body: { ...body, jsonrpc: '1.0' }, headers }) },
  unsupported_media_type: {
    bend: ({ body, headers }) => ({ body, headers: { ...headers, 'content-type': 'text/plain' } }),
    id: null,
  },
  not_found: { path: '/nowhere', id: null },
  overloaded: { tool: 'shared', first: (request) => hold(request, 'key-sharer', 1, 'shared') },
  no_endpoint: { path: '/gone' },
  upstream_failed: { tool: 'break' },
  timeout: { tool: 'hang' },
};

/** Reached elsewhere: by their own flows, or by no client at all. */
const elsewhere = new Set(['session_not_found', 'draining', 'method_not_allowed', 'internal_error']);

describe.each([
  ['legacy', legacyRequest],
  ['modern', modernRequest],
] as [string, Request][])('a %s caller', (_era, request) => {
  it.each(Object.entries(ways))('is told %s', async (reason, way) => {
    await way.first?.(request);
    const answer = await send(request, way);
    upstream.releaseAll();
    const row = refusals[reason as keyof typeof refusals];
    expect(answer.status).toBe(row.status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json).toMatchObject({
      jsonrpc: '2.0',
      id: way.id === null ? null : 'id-7',
      error: { code: row.code, data: { source: 'gateway', reason } },
    });
    if (row.status === 429 || row.status === 503)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

it('an unknown session is not found in the older era', async () => {
  const { body, headers } = legacyRequest('tools/list', {}, 'id-7', 'no-such-session');
  const answer = await rawCall(gateway.url, body, { ...headers, 'x-api-key': 'key-any' });
  expect(answer.status).toBe(404);
  expect(answer.json).toMatchObject({ id: 'id-7', error: { data: { reason: 'session_not_found' } } });
});

it('an HTTP method that is not served is told so', async () => {
  const answer = await rawCall(gateway.url, undefined, { 'x-api-key': 'key-any' }, { method: 'PUT' });
  expect(answer.status).toBe(405);
  expect(answer.json).toMatchObject({ error: { data: { reason: 'method_not_allowed' } } });
});

it('every row of the table has a way here or elsewhere', () => {
  expect(new Set([...Object.keys(ways), ...elsewhere])).toEqual(new Set(Object.keys(refusals)));
});

describe.each(['v1', 'v2 legacy', 'v2'])('an SDK %s client', (line) => {
  const connect = async (key: string) => {
    const headers = { 'x-api-key': key };
    const options = { headers, era: line === 'v2' ? ('modern' as const) : ('legacy' as const) };
    const connected =
      line === 'v1' ? await connectV1(gateway.url, options) : await connectV2(gateway.url, options);
    const callTool = (name: string) =>
      line === 'v1'
        ? (connected as Awaited<ReturnType<typeof connectV1>>).client.callTool({ name })
        : (connected as Awaited<ReturnType<typeof connectV2>>).client.callTool({ name, arguments: {} });
    return { callTool, close: () => connected.close() };
  };

  it.each([
    ['forbidden', 'denied', /not allowed for this client/],
    ['upstream_failed', 'break', /upstream server closed the connection before its answer was complete/],
    ['timeout', 'hang', /did not answer in time/],
  ])('tells its caller the message of %s', async (_reason, tool, message) => {
    const client = await connect('key-any');
    await expect(client.callTool(tool)).rejects.toThrow(message);
    await client.close();
  });

  it('tells its caller that there are too many calls at once', async () => {
    const client = await connect('key-busy');
    await hold(modernRequest, 'key-busy', 2);
    await expect(client.callTool('echo')).rejects.toThrow(/At most 2 calls at once/);
    upstream.releaseAll();
    await client.close();
  });

  it('tells its caller that its credential is not good', async () => {
    await expect(connect('wrong')).rejects.toThrow(/credential|[Uu]nauthorized|requires authorization/);
  });
});
