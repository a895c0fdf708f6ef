// The sessionful era (2025-03-26 to 2025-11-25): initialize, Mcp-Session-Id, GET streams, DELETE.
import { ErrorCode } from '../error-codes.ts';
import { Method } from '../methods.ts';
import { Revision } from '../revisions.ts';
import type { Era } from './era.ts';

/** How long a client waits before it opens a stream anew that the gateway has ended, in ms. */
const RECONNECT_MS = 1000;

export const legacy: Era = {
  name: 'legacy',
  resourceNotFound: ErrorCode.resourceNotFound,
  // ISO dates compare as text.
  resultForm: (revision) =>
    revision !== undefined && revision >= Revision.structured ? 'structured' : 'plain',
  readResultMembers: '',
  sessionful: true,
  disconnectCancels: false,
  cancelsBy: 'notification',
  typedResults: false,
  isStream: () => false,
  // The client comes back after this time, on a connection that leads elsewhere (MCP 2025-11-25, transports: `retry`).
  farewell: () => `retry: ${RECONNECT_MS}\n\n`,
  check(_inbound, envelope) {
    if (envelope.items.some((item) => item.method === Method.initialize)) {
      return { code: ErrorCode.invalidRequest, message: 'initialize must not be part of a batch' };
    }
    return undefined;
  },
  pushHeaders(inbound, into) {
    if (inbound.protocolVersion !== undefined) into.push('mcp-protocol-version', inbound.protocolVersion);
    // It resumes a stream, which is always asked for with GET (MCP 2025-11-25, transports, resumability).
    if (inbound.lastEventId !== undefined && inbound.method === 'GET') {
      into.push('last-event-id', inbound.lastEventId);
    }
  },
};
