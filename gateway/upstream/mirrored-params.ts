// Mirrored params: refuses calls whose `Mcp-Param-*` headers do not say what their arguments say.
import type { Exchange } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Stage } from '../core/stage.ts';
import { ErrorCode } from '../mcp/error-codes.ts';
import { Method } from '../mcp/methods.ts';
import { paramFault } from '../mcp/param-headers.ts';
import type { Catalogue } from './catalogue.ts';

/**
 * The stage. Only tools that mirror arguments cost anything here. Headers that no tool is known to mirror cross
 * unchecked, as the specification asks of intermediaries.
 */
export function mirroredParamsStage(catalogue: Catalogue): Stage {
  return (next) => (x) => {
    if (faultOf(x, catalogue) === undefined) return next(x);
    // The tool may mirror something else by now: nobody is refused by an old list, as far as it may be asked for.
    return catalogue.awaitNew().then(() => {
      const fault = faultOf(x, catalogue);
      if (fault === undefined) return next(x);
      return x.refuse(refusal('bad_request', { code: ErrorCode.headerMismatch, message: fault }));
    });
  };
}

function faultOf({ era, envelope, body, inbound }: Exchange, catalogue: Catalogue): string | undefined {
  if (era.sessionful || envelope.method !== Method.toolsCall || envelope.name === undefined) return undefined;
  const mirrored = catalogue.find(envelope.name)?.mirrored;
  if (mirrored === undefined || mirrored.length === 0) return undefined;
  const text = body?.toString('utf8', envelope.argumentsStart, envelope.argumentsEnd) ?? '';
  return paramFault(mirrored, text === '' ? {} : JSON.parse(text), inbound.mcpParams);
}
