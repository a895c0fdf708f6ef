/** Path patterns such as `pools[].headers.*` and the places in the data that they name. */
import type { Path } from './problem.ts';

type Step = { kind: 'key'; key: string } | { kind: 'items' } | { kind: 'values' };

/** Whether a value is a map of the YAML. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists the paths in the data that a pattern names; `[]` stands for every item, `.*` for every value of a map. */
export function expand(data: unknown, pattern: string): Path[] {
  let found: { path: Path; value: unknown }[] = [{ path: [], value: data }];
  for (const step of readPattern(pattern)) {
    found = found.flatMap(({ path, value }) =>
      children(value, step).map(([name, child]) => ({ path: [...path, name], value: child })),
    );
  }
  return found.map(({ path }) => path);
}

/** Reads the value at a path, or undefined where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step];
    else if (isMap(value) && Object.hasOwn(value, String(step))) value = value[String(step)];
    else return undefined;
  }
  return value;
}

/** Replaces the value at a path that exists. */
export function replaceAt(data: unknown, path: Path, value: unknown): void {
  const parent = valueAt(data, path.slice(0, -1));
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = value;
  else if (isMap(parent) && last !== undefined) parent[String(last)] = value;
}

function readPattern(pattern: string): Step[] {
  const words = pattern.replaceAll('[]', '.[]').split('.');
  return words.map((word) => {
    if (word === '[]') return { kind: 'items' };
    return word === '*' ? { kind: 'values' } : { kind: 'key', key: word };
  });
}

function children(value: unknown, step: Step): (readonly [string | number, unknown])[] {
  if (step.kind === 'items') return Array.isArray(value) ? value.map((item, index) => [index, item]) : [];
  if (!isMap(value)) return [];
  if (step.kind === 'values') return Object.entries(value);
  return Object.hasOwn(value, step.key) ? [[step.key, value[step.key]]] : [];
}
