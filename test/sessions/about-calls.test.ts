// Messages about calls: which call's place they are for, by what they name and by which calls have been sent.
import { expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { callMeant } from '../../gateway/sessions/about-calls.ts';
import { makeExchange, request } from '../core/make-exchange.ts';
import { session } from './make-session.ts';

const [one, two] = ['1', '2'].map((n) => new Endpoint(`e${n}`, 'search', `http://10.0.0.${n}/mcp`, 1));

/** A call that has been sent to `endpoint`; undefined: it waits. */
function call(body: unknown, endpoint: Endpoint | undefined): Exchange {
  const x = makeExchange(body);
  x.session = session;
  x.endpoint = endpoint;
  x.hasAsked = true;
  x.running = { isUnderWay: endpoint !== undefined, cancel: () => undefined };
  return x;
}

const numbered = (id: number) => request('tools/call', { name: 'search' }, id);
const answer = { jsonrpc: '2.0', id: 1, result: {} };
const cancel = (requestId: number) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId },
});
const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1 } };

function meant(body: unknown, calls: Exchange[]): Exchange | undefined {
  return callMeant(makeExchange(body).envelope, calls);
}

it('an answer and a notice of progress are for the place of all calls, and for none where there are two', () => {
  const calls = [call(numbered(1), one), call(numbered(2), one)];
  for (const body of [answer, progress]) {
    expect(meant(body, calls)).toBe(calls[0]);
    expect(meant(body, [...calls, call(numbered(3), two)])).toBeUndefined();
  }
});

it('a cancellation is for the call that it names, wherever the others are', () => {
  const calls = [call(numbered(1), one), call(numbered(2), two)];
  expect(meant(cancel(2), calls)).toBe(calls[1]);
  expect(meant(cancel(3), calls)).toBeUndefined();
});

it('calls that wait have no place', () => {
  const calls = [call(numbered(1), undefined), call(numbered(2), two)];
  expect(meant(answer, calls)).toBe(calls[1]);
  expect(meant(cancel(1), calls)).toBeUndefined();
});

it('an answer is for a call that has asked its client, or else for the place of the session', () => {
  const silent = call(numbered(1), one);
  silent.hasAsked = false;
  expect(meant(answer, [silent])).toBeUndefined();
  expect(meant(answer, [silent, call(numbered(2), two)])?.endpoint).toBe(two);
  expect(meant(cancel(1), [silent])).toBe(silent);
});

it('two sessions at one endpoint are two places', () => {
  const calls = [call(numbered(1), one), call(numbered(2), one)];
  Object.assign(calls[1] as Exchange, { session: { ...session, upstreamId: 'another' } });
  expect(meant(answer, calls)).toBeUndefined();
});

it('batches are looked into, and one with a request is a request', () => {
  const calls = [call([numbered(1), numbered(2)], one), call(numbered(3), two)];
  expect(meant([cancel(2)], calls)).toBe(calls[0]);
  expect(meant([cancel(1), cancel(3)], calls)).toBeUndefined();
  expect(meant([answer, progress], calls.slice(1))).toBe(calls[1]);
  expect(meant([answer, numbered(4)], calls.slice(1))).toBeUndefined();
});

it('what is not about calls is for none', () => {
  const calls = [call(numbered(1), one)];
  for (const body of [undefined, numbered(2), { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }])
    expect(meant(body, calls)).toBeUndefined();
});
