// What the gateway's own requests say of themselves, in the era of the server that is asked.
import { MetaKey } from '../mcp/methods.ts';
import { knownRevision, Revision } from '../mcp/revisions.ts';
import { version } from '../version.ts';

/** The revisions in which the gateway itself asks. */
const MODERN = Revision.stateless;
const LEGACY = Revision.sessionful;

const clientInfo = { name: 'mcp-gateway', version };

/** The parameters of `initialize`. */
export const hello = { protocolVersion: LEGACY, capabilities: {}, clientInfo };

/** Parameters with what each request of the stateless era says of its sender. */
export function enveloped(params: Record<string, unknown>): Record<string, unknown> {
  const _meta = {
    [MetaKey.protocolVersion]: MODERN,
    [MetaKey.clientInfo]: clientInfo,
    [MetaKey.clientCapabilities]: {},
  };
  return { ...params, _meta };
}

/** Whether the answer to `server/discover` is of a server of the stateless era; undefined when it does not say. */
export function saysStateless(result: Record<string, unknown> | undefined): boolean | undefined {
  const versions = result?.['supportedVersions'];
  return Array.isArray(versions) ? versions.includes(MODERN) : undefined;
}

/** Whether an answer of this status says nothing of the server's era: it wants a credential, or to be asked more slowly. */
export function saysNothing(status: number): boolean {
  return status === 401 || status === 403 || status === 429;
}

/** The headers that a request of the stateless era has beside those of all, as name, value, name, value. */
export function statelessHeaders(method: string): string[] {
  return ['mcp-protocol-version', MODERN, 'mcp-method', method];
}

/**
 * The header of all that follows this answer to `initialize`, as name and value: the server chose the revision, and
 * answers 400 to those that it does not know (MCP 2025-06-18, transports, "Protocol Version Header").
 */
export function revisionHeader({ protocolVersion }: Record<string, unknown>): string[] {
  const revision = knownRevision(String(protocolVersion));
  return revision === undefined ? [] : ['mcp-protocol-version', revision];
}
