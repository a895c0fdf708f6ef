// Mirrored params: refuses calls whose `Mcp-Param-*` headers do not say what their arguments say.
import { refusal } from '../core/refusal.ts';
import type { Stage } from '../core/stage.ts';
import { Method } from '../mcp/methods.ts';
import { paramFault } from '../mcp/param-headers.ts';
import type { Catalogue } from './catalogue.ts';

/** HeaderMismatch (MCP 2026-07-28, basic, "Error Codes"). */
const MISMATCH = -32020;

/**
 * The stage. Only tools that mirror arguments cost anything here. Headers that no tool is known to mirror cross
 * unchecked, as the specification asks of intermediaries.
 */
export function mirroredParamsStage(catalogue: Catalogue): Stage {
  return (next) => (x) => {
    const { envelope } = x;
    if (x.era.sessionful || envelope.method !== Method.toolsCall || envelope.name === undefined)
      return next(x);
    const mirrored = catalogue.find(envelope.name)?.mirrored;
    if (mirrored === undefined || mirrored.length === 0) return next(x);
    const text = x.body?.toString('utf8', envelope.argumentsStart, envelope.argumentsEnd) ?? '';
    const fault = paramFault(mirrored, text === '' ? {} : JSON.parse(text), x.inbound.mcpParams);
    if (fault === undefined) return next(x);
    return Promise.resolve(x.refuse(refusal('bad_request', { code: MISMATCH, message: fault })));
  };
}
