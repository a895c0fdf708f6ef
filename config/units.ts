/** Durations (`250ms 30s 2m 1h`) and sizes (`64KiB 4MiB`) as gateway.yaml spells them. */

export type Parsed = { ok: true; value: number } | { ok: false; message: string; hint: string };

export const DURATION_PATTERN = '^[0-9]+(ms|s|m|h)$';
export const SIZE_PATTERN = '^[0-9]+(B|KiB|MiB|GiB)$';

const DURATION_UNITS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const SIZE_UNITS = new Map([
  ['B', 1],
  ['KiB', 1_024],
  ['MiB', 1_024 ** 2],
  ['GiB', 1_024 ** 3],
]);

/** Node's timers overflow above 2^31-1 ms and then fire at once, so no duration may reach that. */
const LONGEST_DURATION_MS = 2 ** 31 - 1;

/** Reads a duration such as `30s` into milliseconds. */
export function parseDuration(input: unknown): Parsed {
  const example = 'write a number and a unit: 250ms, 30s, 2m or 1h';
  const split = splitUnit(input);
  if (!split) return { ok: false, message: `must be a duration, not ${quote(input)}`, hint: example };
  const [digits, unit] = split;
  if (unit === '') {
    return {
      ok: false,
      message: `must be a duration with a unit, not the bare number ${digits}`,
      hint:
        Number(digits) < 1000
          ? `write ${digits}ms, ${digits}s or ${digits}m`
          : `write ${formatDuration(Number(digits))}`,
    };
  }
  const factor = DURATION_UNITS.get(unit);
  if (!factor) return { ok: false, message: `has an unknown unit of time "${unit}"`, hint: example };
  const value = Number(digits) * factor;
  if (value > LONGEST_DURATION_MS) {
    return { ok: false, message: `is too long: ${digits}${unit}`, hint: 'at most 596h' };
  }
  return { ok: true, value };
}

/** Reads a size such as `4MiB` into bytes. */
export function parseSize(input: unknown): Parsed {
  const example = 'write a number and a unit: 64KiB, 4MiB or 1GiB';
  const split = splitUnit(input);
  if (!split) return { ok: false, message: `must be a size, not ${quote(input)}`, hint: example };
  const [digits, unit] = split;
  if (unit === '') {
    return {
      ok: false,
      message: `must be a size with a unit, not the bare number ${digits}`,
      hint:
        Number(digits) < 1024
          ? `write ${digits}B, ${digits}KiB or ${digits}MiB`
          : `write ${formatSize(Number(digits))}`,
    };
  }
  const factor = SIZE_UNITS.get(unit);
  if (!factor) {
    const binary = [...SIZE_UNITS.keys()].find((known) => sameLetter(known, unit));
    const hint = binary ? `write ${digits}${binary}` : example;
    return { ok: false, message: `has an unknown unit of size "${unit}"`, hint };
  }
  const value = Number(digits) * factor;
  if (!Number.isSafeInteger(value)) {
    return { ok: false, message: `is too large: ${digits}${unit}`, hint: example };
  }
  return { ok: true, value };
}

/** Writes milliseconds back in the largest unit that divides them: 90000 is `90s`. */
export function formatDuration(ms: number): string {
  return largestUnit(ms, DURATION_UNITS);
}

/** Writes bytes back in the largest unit that divides them: 4194304 is `4MiB`. */
export function formatSize(bytes: number): string {
  return largestUnit(bytes, SIZE_UNITS);
}

function splitUnit(input: unknown): [digits: string, unit: string] | undefined {
  if (typeof input !== 'string' && typeof input !== 'number') return undefined;
  const match = /^([0-9]+)\s*([A-Za-z]*)$/.exec(String(input).trim());
  return match ? [match[1] ?? '', match[2] ?? ''] : undefined;
}

function sameLetter(known: string, unit: string): boolean {
  return known[0]?.toLowerCase() === unit[0]?.toLowerCase();
}

function quote(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'a map';
  return typeof input === 'string' ? `"${input}"` : String(input);
}

function largestUnit(amount: number, units: ReadonlyMap<string, number>): string {
  let written = '';
  for (const [unit, factor] of units) {
    if (written === '' || (amount !== 0 && amount % factor === 0)) written = `${amount / factor}${unit}`;
  }
  return written;
}
