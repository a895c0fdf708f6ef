// What a run through the gateway lost against the direct run of the same server.
import type { Check } from './suite.ts';

/** A check that should have passed and did not. */
export interface Lost {
  scenario: string;
  check: string;
  message: string;
}

/** The two runs against each other; nothing lost and nothing failed directly is a pass. */
export interface Comparison {
  scenarios: number;
  passedDirect: number;
  passedThrough: number;
  /** Checks that pass directly and not through the gateway. */
  lost: Lost[];
  /** Checks of required scenarios that fail directly already, and required scenarios that did not run at all. */
  failedDirect: Lost[];
}

/** Compares the checks of two runs one by one; `required` names the scenarios the server itself must pass whole. */
export function compareRuns(
  direct: readonly Check[],
  through: readonly Check[],
  required: readonly string[],
): Comparison {
  const outcomes = new Map(through.map((check) => [check.key, check]));
  const passing = direct.filter(({ passed }) => passed);
  const lost = passing.flatMap(({ key, scenario, name }) => {
    const outcome = outcomes.get(key);
    if (outcome?.passed === true) return [];
    return [{ scenario, check: name, message: outcome?.message ?? 'the check was not reached' }];
  });
  const failing = direct.filter(({ passed, scenario }) => !passed && required.includes(scenario));
  const ran = new Set(direct.map(({ scenario }) => scenario));
  const missing = required.filter((scenario) => !ran.has(scenario));
  return {
    scenarios: ran.size,
    passedDirect: passing.length,
    passedThrough: through.filter(({ passed }) => passed).length,
    lost,
    failedDirect: [
      ...failing.map(({ scenario, name, message }) => ({ scenario, check: name, message })),
      ...missing.map((scenario) => ({ scenario, check: 'all', message: 'the scenario did not run' })),
    ],
  };
}
