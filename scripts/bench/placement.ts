// Which core the measured process, the load and the upstream run on.
import { readFileSync } from 'node:fs';
import { findToolOrSay } from './tools.ts';

/** `two-core`: the proxy alone on one core, everything else on another; `one-core`: all on one; `none`: unpinned. */
export const PLACEMENTS = ['two-core', 'one-core', 'none'] as const;

export type PlacementName = (typeof PLACEMENTS)[number];

/** `proxy` is the process under measurement, `load` is everything around it. */
export type Role = 'proxy' | 'load';

export interface Placement {
  name: PlacementName;
  /** The words to put before a command so that it runs where its role belongs. */
  prefix(role: Role): readonly string[];
}

/** Picks the cores; falls back to `none`, loudly, where taskset or a second core is missing. */
export function choosePlacement(wanted: PlacementName | undefined): Placement {
  const name = wanted ?? 'two-core';
  const unpinned: Placement = { name: 'none', prefix: () => [] };
  if (name === 'none') return unpinned;
  const taskset = findToolOrSay('taskset', 'nothing is pinned to a core, figures scatter more');
  const [first, second] = allowedCores();
  if (taskset === undefined || first === undefined) return unpinned;
  if (name === 'one-core') return { name, prefix: () => [taskset, '-c', String(first)] };
  if (second === undefined) return { name: 'one-core', prefix: () => [taskset, '-c', String(first)] };
  return { name, prefix: (role) => [taskset, '-c', String(role === 'proxy' ? first : second)] };
}

/** The cores this process may use, which in a container are not all that the machine has. */
function allowedCores(): number[] {
  let list: string;
  try {
    list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return [];
  }
  return list.split(',').flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
