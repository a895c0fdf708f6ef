/** Gives interpolated values the type the schema wants: `port: ${PORT:-8080}` is a number. */
import type { z } from 'zod';
import { replaceAt, valueAt } from './paths.ts';
import { formatPath } from './problem.ts';

/** Replaces texts that were one interpolation where the schema asked for a number or boolean; true if it did. */
export function coerceInterpolated(
  data: unknown,
  issues: readonly z.core.$ZodIssue[],
  interpolated: ReadonlySet<string>,
): boolean {
  let changed = false;
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (!interpolated.has(formatPath(path))) continue;
    const value = typed(valueAt(data, path), wantedTypes(issue));
    if (value === undefined) continue;
    replaceAt(data, path, value);
    changed = true;
  }
  return changed;
}

function wantedTypes(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => typeof value);
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(wantedTypes) : [];
}

function typed(text: unknown, wanted: readonly string[]): number | boolean | undefined {
  if (typeof text !== 'string') return undefined;
  const isNumber = /^-?[0-9]{1,15}(\.[0-9]+)?$/.test(text);
  if (isNumber && (wanted.includes('number') || wanted.includes('int'))) return Number(text);
  return /^(true|false)$/.test(text) && wanted.includes('boolean') ? text === 'true' : undefined;
}
