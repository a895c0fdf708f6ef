// Span attributes: what the conventions say of a message; never arguments, results, session ids or resource URIs.
import type { Attributes } from '@opentelemetry/api';
import type { Exchange } from '../core/exchange.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method, methodLabel } from '../mcp/methods.ts';
import { networkLabels } from './operations.ts';

/** Longest text of a caller that a span takes over, in characters. */
const MAX_TEXT = 256;

/** Attributes that both spans of a message have. */
export function messageAttributes({ envelope, inbound }: Exchange): Attributes {
  const { method, name, id, revision = inbound.protocolVersion } = envelope;
  return {
    'mcp.method.name': spanMethod(envelope),
    ...(method === Method.toolsCall && { 'gen_ai.operation.name': 'execute_tool' }),
    ...(method === Method.toolsCall && name !== undefined && { 'gen_ai.tool.name': cut(name) }),
    ...(method === Method.promptsGet && name !== undefined && { 'gen_ai.prompt.name': cut(name) }),
    ...(id !== undefined && { 'jsonrpc.request.id': cut(id.startsWith('"') ? id.slice(1, -1) : id) }),
    ...(revision !== undefined && { 'mcp.protocol.version': cut(revision) }),
    ...networkLabels,
  };
}

/** The method as spans name it; a batch, of which there are hardly any, is one span. */
export function spanMethod({ kind, method }: Envelope): string {
  return kind === 'batch' ? 'batch' : methodLabel(method);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
