/** Turns zod's issues into findings in the words of gateway.yaml. */
import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';
import { keysAt } from './schema-walk.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** Sections in which a key that stands in the wrong place is looked for. */
const SECTIONS_WITH_KEYS = ['listen', 'admin', 'auth', 'limits', 'cache', 'log', 'drain', 'pools'];

const TYPE_NAMES = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
]);

/** Turns one issue into findings, one for each unknown key. */
export function toFindings(issue: Issue): Finding[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? 'is not a valid key';
    return [{ path, at: 'key', ...split(message) }];
  }
  return [{ path, ...describe(issue) }];
}

function unknownKey(parent: Path, key: string): Finding {
  const finding: Finding = { path: [...parent, key], at: 'key', message: 'is not a known key' };
  if (key === '<<')
    return { ...finding, message: 'is a merge key, which is not supported', hint: 'repeat the keys' };
  const suggestion = didYouMean(key, keysAt(parent));
  if (suggestion.hint !== undefined) return { ...finding, ...suggestion };
  const home = SECTIONS_WITH_KEYS.find((section) => keysAt(inside(section)).includes(key));
  const place = home === 'pools' ? 'pools[]' : home;
  return place === undefined ? finding : { ...finding, hint: `did you mean ${place}.${key}?` };
}

function inside(section: string): Path {
  return section === 'pools' ? ['pools', 0] : [section];
}

function describe(issue: Issue): { message: string; hint?: string } {
  if (issue.input === undefined && 'input' in issue) return { message: 'is required' };
  if (issue.input === null) return { message: 'has no value', hint: 'give it one, or remove the key' };
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue);
    case 'invalid_value':
      return wrongWord(issue);
    case 'too_small':
      if (issue.origin === 'number' || issue.origin === 'int')
        return { message: `must be at least ${issue.minimum}` };
      return isOurs(issue) ? split(issue.message) : { message: 'must not be empty' };
    case 'too_big':
      if (issue.origin === 'string') return { message: `must be at most ${issue.maximum} characters long` };
      return { message: `must be at most ${issue.maximum}` };
    default:
      return split(issue.message);
  }
}

function wrongType(issue: z.core.$ZodIssueInvalidType): { message: string; hint?: string } {
  if (isOurs(issue)) return split(issue.message);
  const expected = TYPE_NAMES.get(issue.expected) ?? issue.expected;
  const unquoted = issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input);
  // Where a text is wanted the value may be a secret, so it is not repeated.
  if (unquoted)
    return { message: `must be ${expected}, not a ${typeof issue.input}`, hint: 'put it in quotes' };
  const message = `must be ${expected}, not ${nameOf(issue.input)}`;
  const quoted = typeof issue.input === 'string' && /^([0-9.]+|true|false)$/.test(issue.input);
  return quoted ? { message, hint: 'without quotes' } : { message };
}

function wrongWord(issue: z.core.$ZodIssueInvalidValue): { message: string; hint?: string } {
  const words = issue.values.map(String);
  const message = words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}`;
  if (typeof issue.input !== 'string') return { message };
  return words.includes(issue.input)
    ? { message, hint: 'without quotes' }
    : { message, ...didYouMean(issue.input, words) };
}

/** Whether the message was written in the schema and not by zod, whose own begin with these words. */
function isOurs(issue: Issue): boolean {
  return !/^(Invalid|Too small|Too big)/.test(issue.message);
}

/** Splits a message from the hint that `withHint` joined to it. */
function split(joined: string): { message: string; hint?: string } {
  const [message = '', hint] = joined.split('\n');
  return hint === undefined ? { message } : { message, hint };
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 40))}` : String(value);
}
