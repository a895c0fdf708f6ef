// "Did you mean".
import { expect, it } from 'vitest';
import { didYouMean, nearest } from '../../config/suggest.ts';

const known = ['keep_alive', 'balance', 'affinity', 'timeout', 'max_timeout', 'url', 'dns', 'era'];

it.each([
  ['keepalive', 'keep_alive'],
  ['keepAlive', 'keep_alive'],
  ['KEEP-ALIVE', 'keep_alive'],
  ['balnce', 'balance'],
  ['blaance', 'balance'],
  ['time_out', 'timeout'],
  ['uri', 'url'],
])('%s is taken for %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

it.each(['frobnicate', 'x', '', 'timeoutwithverymanyletters'.repeat(100)])(
  '%.20s is taken for nothing',
  (word) => {
    expect(nearest(word, known)).toBeUndefined();
  },
);

it('is a hint to be spread into a finding', () => {
  expect(didYouMean('balnce', known)).toEqual({ hint: 'did you mean balance?' });
  expect(didYouMean('frobnicate', known)).toEqual({});
});
