// Merging a patch into gateway.yaml the way docs/advise.md tells people to.
const keys = ['name', 'id', 'match'] as const;

type Settings = Record<string, unknown>;

/** The file with the patch in it: list items are known by their names, and a rule under `tools` goes to the front. */
export function mergePatch(file: Settings, patch: Settings): Settings {
  const merged = { ...file };
  for (const [key, value] of Object.entries(patch)) {
    const old = merged[key];
    if (Array.isArray(value)) merged[key] = mergeList((old ?? []) as Settings[], value as Settings[], key);
    else if (isSettings(value) && isSettings(old)) merged[key] = mergePatch(old, value);
    else merged[key] = value;
  }
  return merged;
}

function mergeList(old: readonly Settings[], items: readonly Settings[], list: string): unknown[] {
  const by = keys.find((key) => items[0] !== undefined && key in items[0]);
  if (by === undefined) return [...items];
  const of = (item: Settings) => items.find((one) => one[by] === item[by]);
  if (list !== 'tools') return old.map((item) => mergePatch(item, of(item) ?? {}));
  const first = items.map((item) => mergePatch(old.find((one) => one[by] === item[by]) ?? {}, item));
  return [...first, ...old.filter((item) => of(item) === undefined)];
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
