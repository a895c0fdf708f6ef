/** Rules for `session_keys`: a key that can be guessed lets anyone make session ids. */
import type { Finding } from '../problem.ts';
import type { Parts } from './parts.ts';

const MIN_BYTES = 32;

/** 32 random hexadecimal digits carry about 115 bits by this measure, words and patterns far less. */
const MIN_BITS = 96;

/** Words that appear in examples and never by chance: six letters in random base64 are 1 in 10^9. */
const PLACEHOLDER =
  /change.?(me|this|it)|replace.?(me|this)|example|placeholder|password|secret|insecure|session.?key/i;

const HINT = 'openssl rand -hex 32 makes a good one';

/** Checks that each key is long and random enough, and that none is given twice. */
export function checkSessionKeys({ session_keys: keys = [] }: Parts): Finding[] {
  return keys.flatMap((key, index) => {
    const message = weakness(key) ?? (keys.indexOf(key) === index ? undefined : 'is given twice');
    return message === undefined ? [] : [{ path: ['session_keys', index], message, hint: HINT }];
  });
}

function weakness(key: string): string | undefined {
  const bytes = Buffer.byteLength(key);
  if (bytes < MIN_BYTES) return `must be at least ${MIN_BYTES} bytes long, and is ${bytes}`;
  if (PLACEHOLDER.test(key)) return 'is an example, not a key of your own';
  if (isRepeated(key) || isSequence(key) || shannonBits(key) < MIN_BITS) return 'is too easy to guess';
  return undefined;
}

/** Whether the text is a shorter one said twice or more: it then stands in its own double, shifted. */
function isRepeated(text: string): boolean {
  return (text + text).indexOf(text, 1) < text.length;
}

/** Whether most characters follow their neighbour as in 0123456789 or abcdef. */
function isSequence(text: string): boolean {
  let steps = 0;
  for (let index = 1; index < text.length; index += 1) {
    if (Math.abs(text.charCodeAt(index) - text.charCodeAt(index - 1)) <= 1) steps += 1;
  }
  return steps > text.length / 2;
}

function shannonBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(text.length / count);
  return bits;
}
