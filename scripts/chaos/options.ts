// The command line of the chaos suite.
import { parseArgs } from 'node:util';
import type { ChaosCase, Settings } from './chaos-case.ts';

export interface Options {
  cases: readonly ChaosCase[];
  settings: Settings;
  json: boolean;
  assert: boolean;
}

const FULL_CLIENTS = 200;
const QUICK_CLIENTS = 40;
const FULL_MINUTES = 150;
const QUICK_MINUTES = 0.3;
const FULL_CALLS = 1_000_000;
const QUICK_CALLS = 5_000;

/** Reads the arguments; throws a sentence for the user on a bad one, returns undefined when help was asked for. */
export function readOptions(args: string[], known: readonly ChaosCase[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      case: { type: 'string', multiple: true },
      subject: { type: 'string', multiple: true },
      clients: { type: 'string' },
      minutes: { type: 'string' },
      calls: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const clients = Number(values.clients ?? (values.quick ? QUICK_CLIENTS : FULL_CLIENTS));
  if (!Number.isInteger(clients) || clients < 1) throw new Error('--clients is a whole number from 1');
  const minutes = Number(values.minutes ?? (values.quick ? QUICK_MINUTES : FULL_MINUTES));
  if (!(minutes > 0)) throw new Error('--minutes is a number above 0');
  const calls = Number(values.calls ?? (values.quick ? QUICK_CALLS : FULL_CALLS));
  if (!Number.isInteger(calls) || calls < 1) throw new Error('--calls is a whole number from 1');
  return {
    cases: values.case ? values.case.map((name) => pickCase(name, known)) : known,
    settings: {
      quick: values.quick,
      clients,
      minutes,
      calls,
      ...(values.subject && { subjects: values.subject }),
    },
    json: values.json,
    assert: values.assert,
  };
}

/** The text of `--help`. */
export function helpText(known: readonly ChaosCase[]): string {
  const cases = known.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n');
  return `npm run chaos -- [options]

  --case NAME       one case; repeat for more (default: all)
  --subject NAME    one subject; repeat for more (default: all of the case)
  --clients N       callers in a closed loop (default ${FULL_CLIENTS})
  --minutes N       how long the soak takes (default ${FULL_MINUTES})
  --calls N         calls of cross_client (default ${FULL_CALLS})
  --quick           ${QUICK_CLIENTS} callers and short waits: for tests, not for publishing
  --json            one JSON document on stdout instead of a table
  --assert          exit with 1 when a goal is not met

cases:
${cases}
`;
}

function pickCase(name: string, known: readonly ChaosCase[]): ChaosCase {
  const found = known.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new Error(`no case ${name}; there are ${known.map((one) => one.name).join(' ')}`);
  return found;
}
