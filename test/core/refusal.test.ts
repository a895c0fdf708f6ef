// The table of refusals, and what a refused client reads.
import { describe, expect, it } from 'vitest';
import type { RefusalReason } from '../../gateway/core/refusal.ts';
import { refusal, refusalMessage, refusals } from '../../gateway/core/refusal.ts';
import { makeExchange, request } from './make-exchange.ts';

const reasons = Object.keys(refusals) as RefusalReason[];
/** Codes that JSON-RPC and the protocol themselves define. */
const standard = [-32700, -32600, -32601, -32602, -32603];

describe('the table of refusals', () => {
  it.each(reasons)('%s has a message, an HTTP error, and a code that is nobody else’s', (reason) => {
    const { status, code, message } = refusals[reason];
    expect(message).toMatch(/^[A-Z].{9,}[^.]$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    if (!standard.includes(code)) expect(code < -32768 || code > -32000, String(code)).toBe(true);
  });

  it.each([
    ['unauthorized', 401],
    ['forbidden', 403],
    ['too_many_concurrent', 429],
    ['rate_limited', 429],
    ['body_too_large', 413],
    ['bad_request', 400],
    ['session_not_found', 404],
    ['overloaded', 503],
    ['draining', 503],
    ['no_endpoint', 503],
    ['upstream_failed', 502],
    ['timeout', 504],
  ] as const)('%s is answered with %i', (reason, status) => {
    expect(refusal(reason).status).toBe(status);
  });
});

describe('a refusal', () => {
  it('is a JSON-RPC error that says it is the gateway’s', () => {
    const text = refusalMessage(refusal('rate_limited', { retryAfterMs: 1200.4 }), '9007199254740993');
    expect(text).toContain('"id":9007199254740993,');
    expect(JSON.parse(text)).toMatchObject({
      jsonrpc: '2.0',
      error: {
        code: 429,
        message: refusals.rate_limited.message,
        data: { source: 'gateway', reason: 'rate_limited', retry_after_ms: 1201 },
      },
    });
  });

  it('stays JSON whatever its message holds', () => {
    const message = 'a "b" \\ \n \u2028 \ud800 </script>';
    const { error } = JSON.parse(refusalMessage(refusal('bad_request', { message, code: -32700 }), null));
    expect([error.code, error.message.toWellFormed()]).toEqual([-32700, message.toWellFormed()]);
  });

  it('says in whole seconds when to come back, and never "at once"', () => {
    const x = makeExchange(request('ping'));
    expect(x.refuse(refusal('overloaded', { retryAfterMs: 1 })).headers).toEqual([
      'content-type',
      'application/json',
      'retry-after',
      '1',
    ]);
    expect(x.refuse(refusal('overloaded', { retryAfterMs: 1001 })).headers).toContain('2');
    expect(x.refuse(refusal('forbidden')).headers).not.toContain('retry-after');
  });

  it.each(['too_many_concurrent', 'overloaded', 'draining', 'no_endpoint'] as const)(
    'for %s is worth a new try in a second, unless it knows better',
    (reason) => {
      expect(refusal(reason).retryAfterMs).toBe(1000);
      expect(refusal(reason, { message: 'Not now', retryAfterMs: 20 }).retryAfterMs).toBe(20);
    },
  );

  it('brings its own headers, and leaves its reason with the exchange', () => {
    const x = makeExchange(request('ping'));
    const reply = x.refuse(refusal('method_not_allowed', { headers: ['allow', 'POST'] }));
    expect(reply.headers).toEqual(['content-type', 'application/json', 'allow', 'POST']);
    expect([reply.status, reply.refusal?.reason, x.errorType]).toEqual([
      405,
      'method_not_allowed',
      'method_not_allowed',
    ]);
  });

  it.each([
    ['a request', request('ping', {}, 'a'), 'a'],
    ['a notification', { jsonrpc: '2.0', method: 'x' }, null],
    ['nothing', undefined, null],
    ['a posted response, whose id is the upstream’s', { jsonrpc: '2.0', id: 5, result: {} }, null],
    ['a batch of notifications', [{ jsonrpc: '2.0', method: 'x' }], null],
  ])('of %s has the right id', (_name, body, id) => {
    expect(JSON.parse(makeExchange(body).refusalText(refusal('draining')))).toMatchObject({ id });
  });

  it('of a batch answers each of its requests', () => {
    const x = makeExchange([
      request('ping', {}, 1),
      { jsonrpc: '2.0', method: 'x' },
      { jsonrpc: '2.0', id: 7, result: 1 },
      request('ping', {}, 'b'),
    ]);
    const errors = JSON.parse(x.refusalText(refusal('timeout')));
    expect(errors.map(({ id, error }: { id: unknown; error: { code: number } }) => [id, error.code])).toEqual(
      [
        [1, 504],
        ['b', 504],
      ],
    );
  });
});
