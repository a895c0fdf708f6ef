// The room at endpoints: what counts as load, and what waits for it.
import { expect, it } from 'vitest';
import { isLoad } from '../../gateway/limits/endpoint-room.ts';
import { makeExchange, request } from '../core/make-exchange.ts';

const answer = { jsonrpc: '2.0', id: 1, result: {} };
const notice = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1 } };

it.each([
  ['a request', request('tools/call', { name: 'run' }), true],
  ['a batch with a request', [answer, request('tools/call', { name: 'run' })], true],
  ['an answer, which a call under way may wait for', answer, false],
  ['a notification', notice, false],
  ['a batch of answers and notifications', [answer, notice], false],
])('%s', (_what, body, expected) => {
  expect(isLoad(makeExchange(body))).toBe(expected);
});
