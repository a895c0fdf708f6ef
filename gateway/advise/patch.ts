// Patches: changes as the YAML that is to be merged into gateway.yaml, list items known by their names.
import { stringify } from 'yaml';
import type { Change } from './change.ts';

type Settings = Record<string, unknown>;

/** YAML text of the changes; the same place may be named by several of them. Empty without any. */
export function patchOf(changes: readonly Change[]): string {
  if (changes.length === 0) return '';
  const document: Settings = {};
  for (const { at, key, value } of changes) {
    if ('section' in at) within(document, at.section)[key] = value;
    else if ('client' in at) item(document, 'clients', 'id', at.client)[key] = value;
    else {
      const pool = item(document, 'pools', 'name', at.pool);
      const holder = at.tool === undefined ? pool : item(pool, 'tools', 'match', at.tool);
      for (const [kept, as] of Object.entries(at.keeps ?? {})) holder[kept] ??= as;
      holder[key] = value;
    }
  }
  return stringify(document, { lineWidth: 0 });
}

function within(holder: Settings, key: string): Settings {
  const found = holder[key] as Settings | undefined;
  if (found !== undefined) return found;
  const made: Settings = {};
  holder[key] = made;
  return made;
}

function item(holder: Settings, list: string, by: string, name: string): Settings {
  const items = (holder[list] ?? []) as Settings[];
  holder[list] = items;
  const found = items.find((one) => one[by] === name);
  if (found !== undefined) return found;
  const made: Settings = { [by]: name };
  items.push(made);
  return made;
}
