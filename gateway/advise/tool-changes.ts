// Tool changes: what is to be set for one tool, together with what the rule that matches it now says.
import { withoutDefaults } from '../../config/effective.ts';
import type { Config } from '../../config/schema.ts';
import { compileToolRules } from '../core/tool-rules.ts';
import { OTHER } from './calls.ts';
import type { Change } from './change.ts';

/** Names that a rule can match and that match no other tool (`match` is a glob). */
const PLAIN = /^[A-Za-z0-9_./-]+$/;

/**
 * The changes that set `settings` for a tool, in the file's words. They carry the keys of the rule that has matched so
 * far, because a rule of the tool's own takes its place altogether. None for what no rule can name.
 */
export function toolChanges(
  config: Config | undefined,
  pool: string,
  tool: string,
  settings: Readonly<Record<string, unknown>>,
): Change[] {
  if (tool === OTHER || !PLAIN.test(tool)) return [];
  const rules = config?.pools.find(({ name }) => name === pool)?.tools ?? [];
  const rule = compileToolRules(rules)?.(tool);
  if (rule === undefined)
    return Object.entries(settings).map(([key, value]) => ({ at: { pool, tool }, key, value }));
  const { match, ...said } = rule;
  // A rule of this name stays where it is, with all that it says.
  const keeps = match === tool ? {} : withoutDefaults(said, ['pools', 0, 'tools', 0]);
  return Object.entries(settings).map(([key, value]) => ({ at: { pool, tool, keeps }, key, value }));
}
