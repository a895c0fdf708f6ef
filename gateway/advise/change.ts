// Changes: what a finding proposes to set, where in the configuration it stands, and whether it has come about.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema.ts';
import { compileToolRules } from '../core/tool-rules.ts';

/** A setting in the file's own words. */
export interface Change {
  readonly at:
    | {
        readonly pool: string;
        readonly tool?: string;
        /** What the rule that has matched the tool so far says, in the file's words: only the first that matches counts. */
        readonly keeps?: Readonly<Record<string, unknown>>;
      }
    | { readonly client: string }
    | { readonly section: 'limits' | 'listen' | 'cache' };
  readonly key: string;
  readonly value: unknown;
}

/** What the configuration says at the place of a change, as parsed; undefined where it says nothing. */
function settingAt(config: Config, { at, key }: Change): unknown {
  let holder: object | undefined;
  if ('section' in at) holder = config[at.section];
  else if ('client' in at) holder = config.clients.find(({ id }) => id === at.client);
  else {
    const pool = config.pools.find(({ name }) => name === at.pool);
    holder = at.tool === undefined || pool === undefined ? pool : compileToolRules(pool.tools)?.(at.tool);
  }
  return holder === undefined ? undefined : (holder as Record<string, unknown>)[key];
}

/** Whether what a change is about was set to something else, whatever it was set to. */
export function cameAbout(change: Change, before: Config, after: Config): boolean {
  const now = settingAt(after, change);
  return now !== undefined && !isDeepStrictEqual(settingAt(before, change), now);
}
