// The official conformance suite, direct and through the gateway.
import { expect, test } from 'vitest';
import { CASES, runConformance } from '../../scripts/conformance/run.ts';

test('the gateway loses no check that its upstream passes, in either revision', async () => {
  const results = await runConformance();
  expect(results.map(({ lost }) => lost)).toEqual(CASES.map(() => []));
  expect(results.map(({ failedDirect }) => failedDirect)).toEqual(CASES.map(() => []));
}, 120_000);
