// Safe tools: which tools of a pool the operator, or an annotation that the operator trusts, calls safe to repeat.
import type { PoolConfig } from '../../config/schema.ts';
import { compileToolRules } from '../core/tool-rules.ts';
import type { Catalogue } from './catalogue.ts';

/** Whether a tool, by the upstream's own name, changes nothing, so that calling it again does no harm. */
export type IsSafeTool = (tool: string) => boolean;

/** Annotations of a tool that does no harm when it is called twice: it changes nothing, or nothing more. */
export const repeatable: readonly string[] = ['readOnlyHint', 'idempotentHint'];

/** The operator's word for a tool counts first, then these hints of its own where the pool's annotations are trusted. */
export function safeTools(
  { tools, trust_annotations }: PoolConfig,
  catalogue: Catalogue,
  hints: readonly string[] = ['readOnlyHint'],
): IsSafeTool {
  const ruleOf = compileToolRules(tools);
  return (tool) => {
    const said = ruleOf?.(tool)?.retry;
    if (said !== undefined) return said === 'safe';
    if (!trust_annotations) return false;
    const annotations = catalogue.find(tool)?.annotations;
    return annotations !== undefined && hints.some((hint) => annotations[hint] === true);
  };
}
