// Canonical JSON: one text for all spellings of a value, and never one text for two values.
import stringify from 'safe-stable-stringify';

/** Digits that a double always keeps (IEEE 754 binary64); longer numbers are looked at closely. */
const SAFE_DIGITS = 15;

/**
 * The canonical text of a JSON value: keys in order, no white space, numbers by value. A number that a double would merge
 * with another keeps its own digits. Undefined when an object names a key twice: parsers differ on which one counts.
 */
export function canonicalJson(bytes: Buffer, start = 0, end = bytes.length): string | undefined {
  const text = bytes.toString('utf8', start, end);
  const { keys, longNumbers } = survey(bytes, start, end);
  const value: unknown = JSON.parse(text);
  if (countKeys(value) !== keys) return undefined;
  const exact = longNumbers ? exactly(text) : undefined;
  // Strings are marked in the exact form, so its texts can be no other value's plain form.
  return exact === undefined ? stringify(value) : `exact:${stringify(exact)}`;
}

/** Counts the keys as written, and sees whether a number might not fit a double; one pass over valid JSON. */
function survey(bytes: Buffer, start: number, end: number): { keys: number; longNumbers: boolean } {
  let keys = 0;
  let digits = 0;
  let longNumbers = false;
  for (let pos = start; pos < end; pos++) {
    const c = bytes[pos] as number;
    if (c >= 0x30 && c <= 0x39) {
      if (++digits > SAFE_DIGITS) longNumbers = true;
    } else if (c === 0x22) {
      digits = 0;
      for (pos++; bytes[pos] !== 0x22; pos++) if (bytes[pos] === 0x5c) pos++;
    } else if (c === 0x3a) {
      digits = 0;
      keys++;
    } else if (c === 0x65 || c === 0x45) {
      // An exponent, not the e of `true`: the value may be too large or too small for a double.
      if (digits > 0) longNumbers = true;
    } else if (c !== 0x2e) digits = 0;
  }
  return { keys, longNumbers };
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item);
    return keys;
  }
  for (const key of Object.keys(value)) keys += 1 + countKeys((value as Record<string, unknown>)[key]);
  return keys;
}

/** The value with the digits of numbers that no double holds; undefined when there are none. */
function exactly(text: string): unknown {
  let inexact = false;
  const value: unknown = JSON.parse(text, (_key, item: unknown, { source }: { source?: string } = {}) => {
    if (typeof item === 'string') return `s${item}`;
    if (typeof item !== 'number' || source === undefined) return item;
    const digits = decimal(source);
    if (digits === decimal(String(item))) return item;
    inexact = true;
    return `n${digits}`;
  });
  return inexact ? value : undefined;
}

/** A decimal number in a form that equal numbers share: sign, digits without zeros around them, exponent. */
function decimal(source: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source);
  if (match === null) return source;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  return `${sign}${digits}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(all.length - digits.length)}`;
}
