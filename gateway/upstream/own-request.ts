// What the gateway's own requests say of themselves, in the era of the server that is asked.
import { MetaKey } from '../mcp/methods.ts';
import { Revision } from '../mcp/revisions.ts';
import { version } from '../version.ts';

/** The revisions in which the gateway itself asks. */
export const MODERN = Revision.stateless;
export const LEGACY = Revision.sessionful;

export const clientInfo = { name: 'mcp-gateway', version };

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

/** The headers that a request of the stateless era has beside those of all, as name, value, name, value. */
export function statelessHeaders(method: string): string[] {
  return ['mcp-protocol-version', MODERN, 'mcp-method', method];
}
