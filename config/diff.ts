/** What changed between two configurations, as paths: values are left out, for some of them are secrets. */
import { isDeepStrictEqual } from 'node:util';
import { isMap } from './paths.ts';
import type { Config } from './schema.ts';

/** The keys by which items of the file's lists are known, whatever their place. */
const IDENTITIES = ['name', 'id', 'path', 'match'] as const;

/** Paths that differ, such as `pools[search].timeout`; a list item or section that came or went has `+` or `-` before it. */
export function changedPaths(before: Config, after: Config): string[] {
  return changes(before, after, '');
}

function changes(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined) return [`+${path}`];
  if (after === undefined) return [`-${path}`];
  const left = entries(before);
  const right = entries(after);
  if (left === undefined || right === undefined) return [path];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].flatMap((key) => changes(left.get(key), right.get(key), path + named(after, key, path)));
}

/** The parts of a map, or of a list whose items have names; undefined where there are no parts to tell apart. */
function entries(value: unknown): Map<string, unknown> | undefined {
  if (isMap(value)) return new Map(Object.entries(value));
  if (!Array.isArray(value)) return undefined;
  const identity = IDENTITIES.find((key) =>
    value.every((item) => isMap(item) && typeof item[key] === 'string'),
  );
  if (identity === undefined) return undefined;
  const parts = new Map(value.map((item) => [String(item[identity]), item]));
  return parts.size === value.length ? parts : undefined;
}

function named(parent: unknown, key: string, path: string): string {
  if (Array.isArray(parent)) return `[${key}]`;
  return path === '' ? key : `.${key}`;
}
