// The command line of the bench.
import { parseArgs } from 'node:util';
import type { BenchCase, Settings } from './bench-case.ts';
import type { PlacementName } from './placement.ts';
import { PLACEMENTS } from './placement.ts';

export interface Options {
  cases: readonly BenchCase[];
  settings: Settings;
  placement: PlacementName | undefined;
  json: boolean;
  assert: boolean;
}

/** Many short rounds: a machine shared with others is slow for seconds at a time. */
const FULL = { rounds: 9, seconds: 1, warmupSeconds: 5 };
const QUICK = { rounds: 3, seconds: 1, warmupSeconds: 2 };

/** Reads the arguments; throws a sentence for the user on a bad one, returns undefined when help was asked for. */
export function readOptions(args: string[], known: readonly BenchCase[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      case: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      concurrency: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      placement: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const basis = values.quick ? QUICK : FULL;
  const settings: Settings = {
    rounds: number('rounds', values.rounds, 1) ?? basis.rounds,
    seconds: number('seconds', values.seconds, 1) ?? basis.seconds,
    warmupSeconds: number('warmup', values.warmup, 0) ?? basis.warmupSeconds,
    ...(values.subject && { subjects: values.subject }),
    ...(values.concurrency && {
      concurrencies: values.concurrency.map((text) => number('concurrency', text, 1) ?? 1),
    }),
  };
  return {
    cases: values.case ? values.case.map((name) => pickCase(name, known)) : known,
    settings,
    placement: pickPlacement(values.placement),
    json: values.json,
    assert: values.assert,
  };
}

/** The text of `--help`. */
export function helpText(known: readonly BenchCase[]): string {
  const cases = known.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n');
  return `npm run bench -- [options]

  --case NAME          one case; repeat for more (default: all)
  --subject NAME       one subject; repeat for more (default: all of the case)
  --concurrency N      instead of the case's own; repeat for more
  --rounds N --seconds N --warmup N
                       rounds (${FULL.rounds}), seconds a round (${FULL.seconds}), seconds of warm-up (${FULL.warmupSeconds})
  --quick              ${QUICK.rounds} rounds of ${QUICK.seconds} s after ${QUICK.warmupSeconds} s: for CI, not for publishing
  --placement NAME     ${PLACEMENTS.join(' | ')} (default two-core: the proxy alone on a core)
  --json               one JSON document on stdout instead of tables
  --assert             exit with 1 when a goal is not met

cases:
${cases}
`;
}

function pickCase(name: string, known: readonly BenchCase[]): BenchCase {
  const found = known.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new Error(`no case ${name}; there are ${known.map((one) => one.name).join(' ')}`);
  return found;
}

function pickPlacement(text: string | undefined): PlacementName | undefined {
  const found = PLACEMENTS.find((name) => name === text);
  if (text !== undefined && found === undefined)
    throw new Error(`--placement is one of ${PLACEMENTS.join(' ')}`);
  return found;
}

function number(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${flag} is a whole number from ${least}`);
  return value;
}
