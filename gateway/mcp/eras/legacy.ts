// The sessionful era (2025-03-26 to 2025-11-25): initialize, Mcp-Session-Id, GET streams, DELETE.
import type { Era } from './era.ts';

/** How long a client waits before it opens a stream anew that the gateway has ended, in ms. */
const RECONNECT_MS = 1000;

export const legacy: Era = {
  name: 'legacy',
  resourceNotFound: -32002,
  // ISO dates compare as text.
  resultForm: (revision) => (revision !== undefined && revision >= '2025-06-18' ? 'structured' : 'plain'),
  readResultMembers: '',
  sessionful: true,
  disconnectCancels: false,
  cancelsBy: 'notification',
  typedResults: false,
  isStream: () => false,
  // The client comes back after this time, on a connection that leads elsewhere (MCP 2025-11-25, transports: `retry`).
  farewell: () => `retry: ${RECONNECT_MS}\n\n`,
  check(_inbound, envelope) {
    if (envelope.items.some((item) => item.method === 'initialize')) {
      return { code: -32600, message: 'initialize must not be part of a batch' };
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
