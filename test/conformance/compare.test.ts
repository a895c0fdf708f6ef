// The comparison of two conformance runs.
import { expect, test } from 'vitest';
import { compareRuns } from '../../scripts/conformance/compare.ts';
import type { Check } from '../../scripts/conformance/suite.ts';

function check(scenario: string, name: string, passed: boolean): Check {
  return { key: `${scenario}/${name}`, scenario, name, passed, message: passed ? 'SUCCESS' : 'it failed' };
}

const direct = [check('ping', 'a', true), check('ping', 'b', true), check('tasks', 'c', false)];

test('nothing is lost where every check that passes direct passes through', () => {
  const comparison = compareRuns(direct, [...direct, check('tasks', 'd', true)], ['ping']);
  expect(comparison).toMatchObject({ scenarios: 2, passedDirect: 2, lost: [], failedDirect: [] });
});

test('a check that fails, or is not reached, through the gateway is lost', () => {
  const { lost } = compareRuns(direct, [check('ping', 'a', false)], ['ping']);
  expect(lost).toEqual([
    { scenario: 'ping', check: 'a', message: 'it failed' },
    { scenario: 'ping', check: 'b', message: 'the check was not reached' },
  ]);
});

test('a required scenario that fails or does not run direct is told apart from what the gateway loses', () => {
  const { lost, failedDirect } = compareRuns(direct, direct, ['ping', 'tasks', 'tools-list']);
  expect(lost).toEqual([]);
  expect(failedDirect.map(({ scenario, check }) => [scenario, check])).toEqual([
    ['tasks', 'c'],
    ['tools-list', 'all'],
  ]);
});
