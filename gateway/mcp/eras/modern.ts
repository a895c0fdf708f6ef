// The stateless era (2026-07-28): each request carries its revision and capabilities, and mirrors itself in headers.

import type { Envelope } from '../envelope.ts';
import { ErrorCode } from '../error-codes.ts';
import { decodeMirrored, isToken } from '../headers.ts';
import type { Inbound } from '../inbound.ts';
import { MetaKey, Method, nameSource } from '../methods.ts';
import type { Era, EraFault } from './era.ts';

const PARAM = 'mcp-param-';

export const modern: Era = {
  name: 'modern',
  resourceNotFound: ErrorCode.invalidParams,
  resultForm: () => 'typed',
  readResultMembers: '"resultType":"complete","ttlMs":0,"cacheScope":"private",',
  sessionful: false,
  disconnectCancels: true,
  cancelsBy: 'disconnect',
  typedResults: true,
  isStream: (method) => method === Method.listen,
  farewell,
  check,
  pushHeaders(inbound, into) {
    if (inbound.protocolVersion !== undefined) into.push('mcp-protocol-version', inbound.protocolVersion);
    if (inbound.mcpMethod !== undefined) into.push('mcp-method', inbound.mcpMethod);
    if (inbound.mcpName !== undefined) into.push('mcp-name', inbound.mcpName);
    if (inbound.mcpParams !== undefined) into.push(...inbound.mcpParams);
  },
};

/** The server's graceful end of a subscription: the result of the listen request (MCP 2026-07-28, subscriptions). */
function farewell({ id }: Envelope): string {
  const result = `{"resultType":"complete","_meta":{"${MetaKey.subscriptionId}":${id ?? 'null'}}}`;
  return `event: message\ndata: {"jsonrpc":"2.0","id":${id ?? 'null'},"result":${result}}\n\n`;
}

/**
 * An intermediary that reads bodies must refuse headers that say something else (SEP-2243): whoever decides by the
 * headers and whoever decides by the body would see two different requests.
 */
function check(inbound: Inbound, envelope: Envelope): EraFault | undefined {
  if (envelope.claimed) {
    if (envelope.revision === undefined) {
      return {
        code: ErrorCode.invalidParams,
        message: '"_meta" names a protocol version that is not a string',
      };
    }
    if (inbound.protocolVersion === undefined) return mismatch('The MCP-Protocol-Version header is missing');
    if (inbound.protocolVersion !== envelope.revision) {
      return mismatch('MCP-Protocol-Version is not the protocol version in "_meta"');
    }
  }
  if (inbound.mcpMethod !== undefined) {
    if (inbound.mcpMethod !== envelope.method) return mismatch('Mcp-Method is not the method in the body');
  } else if (envelope.kind === 'request') return mismatch('The Mcp-Method header is missing');
  return checkName(inbound, envelope) ?? checkParams(inbound.mcpParams);
}

function checkName(inbound: Inbound, envelope: Envelope): EraFault | undefined {
  if (nameSource(envelope.method) === undefined) return undefined;
  if (inbound.mcpName === undefined) {
    return envelope.name === undefined ? undefined : mismatch('The Mcp-Name header is missing');
  }
  if (inbound.mcpName === envelope.name && !inbound.mcpName.startsWith('=?')) return undefined;
  const name = decodeMirrored(inbound.mcpName);
  if (name === undefined) return mismatch('Mcp-Name is not valid base64');
  return name === envelope.name ? undefined : mismatch('Mcp-Name is not the name in the body');
}

/** What an `Mcp-Param-*` header mirrors only the tool's schema tells; its form can be judged without. */
function checkParams(params: readonly string[] | undefined): EraFault | undefined {
  if (params === undefined) return undefined;
  for (let i = 0; i < params.length; i += 2) {
    const name = params[i] as string;
    if (!isToken(name.slice(PARAM.length))) return mismatch('An Mcp-Param header has no valid name');
    if (decodeMirrored(params[i + 1] as string) === undefined) return mismatch(`${name} is not valid base64`);
  }
  return undefined;
}

function mismatch(message: string): EraFault {
  return { code: ErrorCode.headerMismatch, message };
}
