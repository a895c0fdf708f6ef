// Verdicts: which answers of an upstream may pass.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyPeek } from '../../gateway/mcp/reply-peek.ts';
import { judgeBody, judgeHead, sameId } from '../../gateway/upstream/verdict.ts';
import { makeExchange, request } from '../core/make-exchange.ts';

const call = () => makeExchange(request('tools/call', { name: 'a' }, 1));
const notification = () => makeExchange({ jsonrpc: '2.0', method: 'notifications/initialized' });
const batch = () => makeExchange([request('ping', {}, 1), request('ping', {}, 2)]);
const get = () => makeExchange(undefined, { method: 'GET' });

describe('the head of an answer', () => {
  it.each([
    ['JSON to a request', call, 200, true, false, undefined],
    ['a stream to a request', call, 200, false, true, undefined],
    ['JSON to a batch', batch, 200, true, false, undefined],
    ['an error in JSON', call, 500, true, false, undefined],
    ['a lost session', call, 404, false, false, undefined],
    ['a refusal', call, 429, false, false, undefined],
    ['202 to a notification', notification, 202, false, false, undefined],
    ['400 to a notification', notification, 400, false, false, undefined],
    ['a stream to a GET', get, 200, false, true, undefined],
    ['405 to a GET', get, 405, false, false, undefined],
    ['HTML to a request', call, 200, false, false, /200 without JSON/],
    ['202 to a request', call, 202, false, false, /202 without JSON/],
    ['HTML to a batch', batch, 200, false, false, /200 without JSON/],
    ['an error page', call, 502, false, false, /answered 502/],
    ['an error page to a notification', notification, 503, false, false, /answered 503/],
    ['an error page to a GET', get, 500, false, false, /answered 500/],
    ['a redirect', call, 302, true, false, /redirect \(302\)/],
    ['a redirect of a GET', get, 307, false, false, /redirect \(307\)/],
    ['a redirect of a notification', notification, 308, false, false, /redirect \(308\)/],
    ['a challenge', call, 401, true, false, /credential that the gateway holds/],
    ['a challenge to a GET', get, 401, false, false, /credential that the gateway holds/],
  ] as const)('of %s', (_name, of, status, json, sse, expected) => {
    const fault = judgeHead(of(), status, json, sse, false);
    if (expected === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(expected);
  });

  it('may be a challenge where the client’s own credential crosses', () => {
    expect(judgeHead(call(), 401, false, false, true)).toBeUndefined();
    expect(judgeHead(call(), 403, false, false, false)).toBeUndefined();
  });
});

describe('the body of an answer', () => {
  function judge(text: string, status = 200, x = call()): string {
    const peek = new ReplyPeek();
    peek.push(Buffer.from(text));
    return judgeBody(x, status, peek) ?? 'passes';
  }

  it.each([
    ['a result', '{"jsonrpc":"2.0","id":1,"result":{}}', 200, 'passes'],
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"x"}}', 200, 'passes'],
    ['an error without an id', '{"jsonrpc":"2.0","error":{"code":1,"message":""}}', 200, 'passes'],
    [
      'an error with the id null',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}',
      500,
      'passes',
    ],
    ['an id of the same value', '{"jsonrpc":"2.0","id":1.0,"result":{}}', 200, 'passes'],
    ['an error page in JSON', '{"message":"no such session"}', 404, 'passes'],
    ['a status that says it all', '', 404, 'passes'],
    ['an empty success', '', 200, 'answered with broken JSON'],
    ['an empty failure', '', 500, 'answered 500'],
    ['a failure of another kind', '{"message":"no"}', 503, 'answered 503'],
    ['a failure in plain text', 'no', 503, 'answered 503'],
    ['a cut result', '{"jsonrpc":"2.0","id":1,"result":{}', 200, 'answered with broken JSON'],
    ['a cut error page', '{"message":"no', 404, 'passes'],
    ['an error page in plain text', 'Bad Request', 400, 'passes'],
    ['two documents', '{"jsonrpc":"2.0","id":1,"result":{}}{}', 200, 'answered with broken JSON'],
    ['NaN', '{"jsonrpc":"2.0","id":1,"result":{"x":NaN}}', 200, 'answered with broken JSON'],
    [
      'JSON of another kind',
      '{"status":"ok"}',
      200,
      'answered with something other than a JSON-RPC response',
    ],
    [
      'a request',
      '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      200,
      'answered with something other than a JSON-RPC response',
    ],
    [
      'an array',
      '[{"jsonrpc":"2.0","id":1,"result":{}}]',
      200,
      'answered with something other than a JSON-RPC response',
    ],
    ['another id', '{"jsonrpc":"2.0","id":2,"result":{}}', 200, 'answered under the id of another request'],
    [
      'another id’s error',
      '{"jsonrpc":"2.0","id":2,"error":{"code":1}}',
      200,
      'answered under the id of another request',
    ],
    [
      'an id of another type',
      '{"jsonrpc":"2.0","id":"1","result":{}}',
      200,
      'answered under the id of another request',
    ],
    ['no id', '{"jsonrpc":"2.0","result":{}}', 200, 'answered under the id of another request'],
    [
      'the id null',
      '{"jsonrpc":"2.0","id":null,"result":{}}',
      200,
      'answered under the id of another request',
    ],
  ])('that is %s', (_name, text, status, expected) => {
    expect(judge(text, status)).toBe(expected);
  });

  it('is for a batch any whole JSON, and for a notification anything', () => {
    expect(judge('[{"id":2},{"id":1}]', 200, batch())).toBe('passes');
    expect(judge('[{"id":2}', 200, batch())).toBe('answered with broken JSON');
    expect(judge('ok', 200, notification())).toBe('passes');
  });
});

describe('the same id', () => {
  it.each([
    ['1', '1', true],
    ['1', '1.0', true],
    ['100', '1e2', true],
    ['0', '-0', true],
    ['"a"', '"\\u0061"', true],
    ['"é"', '"\\u00e9"', true],
    ['"/"', '"\\/"', true],
    ['9007199254740993', '9007199254740993', true],
    ['9007199254740993', '9007199254740992', false],
    ['9007199254740992', '9007199254740993', false],
    ['1e400', '2e400', false],
    ['1', '"1"', false],
    ['"1"', '1', false],
    ['1', '2', false],
    ['"a"', '"A"', false],
    ['"é"', '"e\\u0301"', false],
    ['1', 'null', false],
    ['""', '0', false],
    ['1', 'x', false],
    ['x', '1', false],
    ['1', undefined, false],
    [undefined, '1', false],
    [undefined, undefined, false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(sameId(a, b)).toBe(expected);
  });

  it('is what JSON.parse calls the same, for all that it can tell apart', () => {
    const id = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
    );
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(sameId(JSON.stringify(a), JSON.stringify(a))).toBe(true);
        expect(sameId(JSON.stringify(a), JSON.stringify(b))).toBe(a === b || (a === 0 && b === 0));
      }),
    );
  });
});
