// Tool rules: which rule of a pool applies to a tool, found once per name.
import type { ToolRule } from '../../config/schema.ts';
import { Method } from '../mcp/methods.ts';
import type { Exchange } from './exchange.ts';
import { glob, memoized } from './glob.ts';

/** Finds the rule of a tool by the upstream's own name for it; undefined where none matches. */
export type RuleOf = (tool: string) => ToolRule | undefined;

/** Compiles `pools[].tools`: the first rule that matches wins. Undefined when there are no rules to ask. */
export function compileToolRules(rules: readonly ToolRule[]): RuleOf | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => ({ rule, matches: glob(rule.match) }));
  return memoized((tool) => compiled.find(({ matches }) => matches(tool))?.rule);
}

/** The rule of the tool that `x` calls; undefined when it calls none. A batch has no rule: its calls may differ. */
export function ruleFor(x: Exchange, ruleOf: RuleOf): ToolRule | undefined {
  const { method, name } = x.envelope;
  return method === Method.toolsCall && name !== undefined ? ruleOf(name) : undefined;
}
