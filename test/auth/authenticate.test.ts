// Callers with and without credentials at a running gateway, in both eras.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

const KEY = 'key-of-ci-0123456789';
const OTHER_KEY = 'key-of-ci-0123456780';

let upstream: GatedUpstream;
let required: TestGateway;
let optional: TestGateway;

beforeAll(async () => {
  upstream = await GatedUpstream.start((call) => call.text('done'));
  const common = {
    clients: [
      { id: 'ci', api_key: KEY },
      { id: 'other', api_key: OTHER_KEY },
    ],
    pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }],
  };
  required = await startGateway({ ...common, auth: { mode: 'required' } });
  optional = await startGateway(common);
});

afterAll(async () => {
  await required.stop();
  await optional.stop();
  await upstream.close();
});

const modern = modernRequest('tools/call', { name: 'echo', arguments: {} }, 7);
const legacy = legacyRequest('tools/list', {}, 7);

function reasonOf(json: unknown): unknown {
  return (json as { error?: { data?: { reason?: unknown } } }).error?.data?.reason;
}

describe.each([
  ['legacy', legacy],
  ['modern', modern],
])('a %s caller of a gateway that requires a credential', (_era, { body, headers }) => {
  it.each([
    ['a Bearer key', { authorization: `Bearer ${KEY}` }],
    ['a bearer key in lower case', { authorization: `bearer ${KEY}` }],
    ['an X-API-Key', { 'x-api-key': KEY }],
    [
      'an X-API-Key beside an Authorization for somebody else',
      { 'x-api-key': KEY, authorization: 'Basic x' },
    ],
  ])('is let in with %s', async (_what, credential: Record<string, string>) => {
    const answer = await rawCall(required.url, body, { ...headers, ...credential });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['no credential', {}],
    ['a wrong key', { 'x-api-key': 'nonsense' }],
    ['an empty key', { 'x-api-key': '' }],
    ['the beginning of a key', { 'x-api-key': KEY.slice(0, -1) }],
    ['a key and more', { 'x-api-key': `${KEY}0` }],
    ['a wrong X-API-Key beside a good Bearer', { 'x-api-key': 'x', authorization: `Bearer ${KEY}` }],
    ['another scheme', { authorization: `Basic ${KEY}` }],
    ['a scheme alone', { authorization: 'Bearer ' }],
    ['a token where no issuer is known', { authorization: 'Bearer a.b.c' }],
    ['a huge key', { 'x-api-key': 'x'.repeat(12_000) }],
  ])('is refused with %s', async (_what, credential: Record<string, string>) => {
    const received = upstream.messages.length;
    const answer = await rawCall(required.url, body, { ...headers, ...credential });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(reasonOf(answer.json)).toBe('unauthorized');
    expect(upstream.messages).toHaveLength(received);
  });

  it.each([
    ['Authorization', ['authorization', `Bearer ${KEY}`, 'authorization', `Bearer ${OTHER_KEY}`]],
    ['X-API-Key', ['x-api-key', KEY, 'x-api-key', OTHER_KEY]],
  ])('is refused with two %s headers', async (_what, [name = '', first = '', , second = '']) => {
    const answer = await rawCall(required.url, body, { ...headers, [name]: [first, second] });
    expect(answer.status).toBe(400);
    expect(reasonOf(answer.json)).toBe('bad_request');
  });
});

describe('a gateway that knows keys but requires none', () => {
  it('lets a caller in without', async () => {
    expect((await rawCall(optional.url, modern.body, modern.headers)).status).toBe(200);
  });

  it('refuses a wrong key rather than take its bearer for somebody else', async () => {
    const answer = await rawCall(optional.url, modern.body, { ...modern.headers, 'x-api-key': 'x' });
    expect(answer.status).toBe(401);
  });
});

describe('credentials', () => {
  it('never reach the upstream', async () => {
    await rawCall(required.url, modern.body, { ...modern.headers, authorization: `Bearer ${KEY}` });
    await rawCall(required.url, modern.body, { ...modern.headers, 'x-api-key': KEY, cookie: 'a=b' });
    const seen = upstream.requests.map(({ headers }) => JSON.stringify(headers)).join('\n');
    expect(seen).not.toContain(KEY);
    expect(seen).not.toContain('cookie');
  });

  it('are asked for on every method', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await rawCall(required.url, undefined, { accept: 'text/event-stream' }, { method });
      expect(answer.status).toBe(401);
    }
  });

  it('bind a session: nobody else can use it', async () => {
    const { body, headers } = initializeRequest();
    const opened = await rawCall(required.url, body, { ...headers, 'x-api-key': KEY });
    const session = String(opened.headers['mcp-session-id']);
    const call = legacyRequest('tools/list', {}, 2, session);
    const own = await rawCall(required.url, call.body, { ...call.headers, 'x-api-key': KEY });
    const foreign = await rawCall(required.url, call.body, { ...call.headers, 'x-api-key': OTHER_KEY });
    expect([own.status, foreign.status]).toEqual([200, 404]);
    expect(reasonOf(foreign.json)).toBe('session_not_found');
  });
});
