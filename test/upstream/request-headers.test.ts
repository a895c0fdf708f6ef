// Headers of upstream requests: what of a client's crosses, and what never does.
import { describe, expect, it } from 'vitest';
import type { Session } from '../../gateway/core/session.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import type { Inbound } from '../../gateway/mcp/inbound.ts';
import { isEventStream, isJson, ReplyHeaders, retryAfterMs } from '../../gateway/upstream/reply-headers.ts';
import type { HeaderRules } from '../../gateway/upstream/request-headers.ts';
import { headerRules, requestHeaders } from '../../gateway/upstream/request-headers.ts';
import { makeExchange, request } from '../core/make-exchange.ts';

/** What a client may send, and a hostile one would. */
const hostile = [
  ...['Host', 'gateway.example', 'Authorization', 'Bearer client-secret', 'Cookie', 'sid=client-secret'],
  ...[
    'Mcp-Session-Id',
    'g1.sealed',
    'X-Api-Key',
    'client-secret',
    'Proxy-Authorization',
    'Basic client-secret',
  ],
  ...['Connection', 'close, X-Hop, X-Tenant', 'Keep-Alive', 'timeout=5', 'TE', 'trailers', 'Trailer', 'X-T'],
  ...['Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'Expect', '100-continue', 'Content-Length', '3'],
  ...['Forwarded', 'for=10.0.0.1', 'X-Forwarded-For', '10.0.0.1', 'X-Real-IP', '10.0.0.1', 'X-Hop', '1'],
  ...['Origin', 'https://evil.example', 'X-Request-Id', 'r1', 'X-Tenant', 't', 'Accept-Language', 'nl'],
];

const session: Session = {
  endpointId: 'e',
  upstreamId: 'upstream-1',
  openedAt: 0,
  expiresAt: 1,
  nonce: 'n',
  hello: undefined,
};

function sent(
  rules: Partial<HeaderRules> = {},
  headers: Partial<Inbound> = {},
  inSession = false,
): Map<string, string> {
  const x = makeExchange(request('tools/list'), {
    raw: hostile,
    authorization: 'Bearer client-secret',
    apiKey: 'client-secret',
    sessionId: 'g1.sealed',
    contentType: 'application/json',
    ...headers,
  });
  if (inSession) x.session = session;
  const list = requestHeaders(x, { own: [], forwarded: new Set(), ...rules });
  const names = list.filter((_, i) => i % 2 === 0);
  expect(new Set(names).size, 'no header twice').toBe(names.length);
  return new Map(names.map((name, i) => [name, list[2 * i + 1] as string]));
}

describe('a request to an upstream', () => {
  it('has of a client’s headers only what the gateway names', () => {
    const headers = sent();
    expect([...headers.keys()].sort()).toEqual(['accept', 'accept-encoding', 'content-type']);
    expect([...headers.values()].join(' ')).not.toMatch(/secret|sealed|evil|10\.0\.0\.1/);
  });

  it('asks for no compression, and for what MCP needs where the client does not say', () => {
    expect(sent().get('accept')).toBe('application/json, text/event-stream');
    expect(sent().get('accept-encoding')).toBe('identity');
    expect(sent({}, { accept: 'application/json' }).get('accept')).toBe('application/json');
  });

  it('carries the upstream’s session id, never the gateway’s', () => {
    expect(sent({}, {}, true).get('mcp-session-id')).toBe('upstream-1');
    expect(sent().has('mcp-session-id')).toBe(false);
    const forwarded = new Set(['mcp-session-id']);
    expect(sent({ forwarded }, {}, true).get('mcp-session-id')).toBe('upstream-1');
    expect(sent({ forwarded }).has('mcp-session-id')).toBe(false);
  });

  it('has what the pool forwards by name, and no more', () => {
    const headers = sent({ forwarded: new Set(['x-request-id', 'authorization', 'x-absent']) });
    expect([headers.get('x-request-id'), headers.get('authorization')]).toEqual([
      'r1',
      'Bearer client-secret',
    ]);
    expect([headers.has('cookie'), headers.has('accept-language'), headers.has('x-absent')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('has no hop-by-hop header and none that frames it, though the pool forwards them by name', () => {
    const names = hostile.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    const headers = sent({ forwarded: new Set(names) });
    expect([...headers.keys()].sort()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'authorization',
      'content-type',
      'cookie',
      'origin',
      'x-api-key',
      'x-request-id',
    ]);
  });

  it('has the pool’s own headers and the trace', () => {
    const trace = { traceparent: '00-a-b-01', tracestate: 'x=1', baggage: 'k=v' };
    const headers = sent({ own: ['authorization', 'Bearer upstream-secret'] }, trace);
    expect(headers.get('authorization')).toBe('Bearer upstream-secret');
    expect([headers.get('traceparent'), headers.get('tracestate'), headers.get('baggage')]).toEqual([
      '00-a-b-01',
      'x=1',
      'k=v',
    ]);
  });

  it('tells where the client is as the listener found it', () => {
    const headers = sent({}, { forwarded: ['x-forwarded-for', '192.0.2.7'], xForwardedFor: '10.0.0.1' });
    expect(headers.get('x-forwarded-for')).toBe('192.0.2.7');
  });

  it('has no content type without a body', () => {
    const x = makeExchange(undefined, { method: 'GET', contentType: 'application/json' });
    expect(requestHeaders(x, { own: [], forwarded: new Set() })).not.toContain('content-type');
  });

  it('mirrors a stateless request, and leaves its stray session id behind', () => {
    const x = makeExchange(
      request('tools/call', { name: 'a' }),
      {
        sessionId: 'g1.sealed',
        protocolVersion: '2026-07-28',
        mcpMethod: 'tools/call',
        mcpName: 'a',
        mcpParams: ['mcp-param-x', '1'],
        lastEventId: '7',
      },
      modern,
    );
    const headers = requestHeaders(x, { own: [], forwarded: new Set() });
    expect(headers.slice(4)).toEqual([
      'mcp-protocol-version',
      '2026-07-28',
      'mcp-method',
      'tools/call',
      'mcp-name',
      'a',
      'mcp-param-x',
      '1',
    ]);
  });
});

it('a header that the pool says itself is not a client’s to say', () => {
  const raw = ['Authorization', 'Bearer theirs', 'X-Tenant', 'evil', 'X-Other', 'theirs'];
  const x = makeExchange(request('tools/list'), { raw });
  const own = ['authorization', 'Bearer ours', 'X-Tenant', 'mine'];
  const headers = requestHeaders(x, headerRules(own, new Set(['authorization', 'x-tenant', 'x-other'])));
  expect(headers.slice(-6)).toEqual(['x-other', 'theirs', ...own]);
});

describe('an answer to the client', () => {
  it('has the upstream’s challenge only where the client’s own credential has reached it', () => {
    const headers = new ReplyHeaders({ status: 401, headers: ['www-authenticate', 'Bearer realm="x"'] });
    expect(headers.passed(true)).toEqual(['www-authenticate', 'Bearer realm="x"']);
    expect(headers.passed(false)).toEqual([]);
  });

  it('has of an upstream’s headers only what concerns the client', () => {
    const headers = new ReplyHeaders({
      status: 200,
      headers: [
        ...['content-type', 'application/json', 'cache-control', 'no-store', 'retry-after', '3'],
        ...['set-cookie', 'sid=upstream', 'mcp-session-id', 'upstream-1', 'www-authenticate', 'Bearer'],
        ...['access-control-allow-origin', '*', 'connection', 'close', 'transfer-encoding', 'chunked'],
        ...['content-length', '3', 'server', 'x', 'content-type', 'text/html'],
      ],
    }).passed(false);
    expect(headers).toEqual([
      'content-type',
      'application/json',
      'cache-control',
      'no-store',
      'retry-after',
      '3',
    ]);
  });

  it.each([
    ['2', 2000],
    ['0', 0],
    ['99999999999999999999', 86_400_000],
    ['soon', 1000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 1000],
  ])('with Retry-After %s asks for %i ms', (value, ms) => {
    expect(retryAfterMs(value)).toBe(ms);
  });

  it('may give the date to come back at', () => {
    const ms = retryAfterMs(new Date(Date.now() + 3_600_000).toUTCString());
    expect(ms).toBeGreaterThan(3_590_000);
    expect(ms).toBeLessThanOrEqual(3_600_000);
  });

  it.each([
    ['application/json', true, false],
    ['Application/JSON; charset=utf-8', true, false],
    ['application/problem+json', true, false],
    ['text/event-stream', false, true],
    ['TEXT/Event-Stream;charset=utf-8', false, true],
    ['text/event-streams', false, false],
    ['application/jsonp', false, false],
    ['text/html; application/json', false, false],
    [undefined, false, false],
  ])('of type %s', (type, json, sse) => {
    expect([isJson(type), isEventStream(type)]).toEqual([json, sse]);
  });
});
