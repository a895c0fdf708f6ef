// The whole fault vocabulary by name.
import { CUT } from './cut.ts';
import type { Fault, Faults } from './fault.ts';
import { FLOODS } from './floods.ts';
import { GARBAGE } from './garbage.ts';
import { HANG } from './hang.ts';
import { IDS } from './ids.ts';
import { INTERIM } from './interim.ts';
import { LISTS } from './lists.ts';
import { SOUND } from './sound.ts';
import { ANSWERED, REDIRECT, status } from './statuses.ts';

/** Every fault but the family `status-NNN`. */
export const FAULTS: Faults = {
  ...SOUND,
  ...CUT,
  ...HANG,
  ...GARBAGE,
  ...IDS,
  ...REDIRECT,
  ...ANSWERED,
  ...FLOODS,
  ...INTERIM,
  ...LISTS,
};

/** The fault of that name, `status-NNN` included; undefined where there is none. */
export function faultNamed(name: string): Fault | undefined {
  if (/^status-[2-5]\d\d$/.test(name)) return status;
  return Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
}
