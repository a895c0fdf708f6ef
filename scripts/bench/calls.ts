// The requests of the bench: one small tools/call in both eras, its session's opening, and a streaming call.
const SERVER_INFO = { name: 'bench-upstream', version: '1.0.0' };

/** One HTTP POST to /mcp, host apart. */
export interface Call {
  headers: Readonly<Record<string, string>>;
  body: string;
}

const ACCEPT = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** The 2026-07-28 form: no session, `_meta` in the body, mirrored in three headers (basic/transports/streamable-http). */
function modernCall(name: string, args: object, meta: object = {}): Call {
  return {
    headers: {
      ...ACCEPT,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: args,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
          ...meta,
        },
      },
    }),
  };
}

/** The 2025-11-25 form of any message; the session's id is a header of its own. */
function legacyMessage(message: object, session?: string): Call {
  return {
    headers: {
      ...ACCEPT,
      'mcp-protocol-version': '2025-11-25',
      ...(session === undefined ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  };
}

const LOOKUP = { city: 'Freiburg', unit: 'celsius' };

/** The call of `pass_through`. */
export const MODERN_LOOKUP = modernCall('lookup', LOOKUP);

/** The same call in a legacy session, or without one. */
export function legacyLookup(session?: string): Call {
  return legacyMessage(
    { id: 1, method: 'tools/call', params: { name: 'lookup', arguments: LOOKUP } },
    session,
  );
}

/** A call answered by an SSE stream of progress events that ends only with its client. */
export const MODERN_STREAM = modernCall('stream', {}, { progressToken: 'bench' });

/** Opens a legacy session. */
export const INITIALIZE = legacyMessage({
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1.0.0' },
  },
});

/** Completes a legacy session's opening. */
export function initialized(session: string | undefined): Call {
  return legacyMessage({ method: 'notifications/initialized' }, session);
}

/** The result of the `lookup` tool in the shape of the caller's era; about 300 bytes as an answer. */
export function lookupResult(modern: boolean): object {
  const result = {
    content: [
      {
        type: 'text',
        text: 'Freiburg: 21 degrees, a light wind from the south-west, no rain before the evening; tomorrow 24 degrees.',
      },
    ],
    isError: false,
  };
  if (!modern) return result;
  return { resultType: 'complete', ...result, _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO } };
}

export { SERVER_INFO };

/** The bytes of a call as one HTTP/1.1 request. */
export function toHttpRequest(call: Call, port: number): string {
  const headers = {
    host: `127.0.0.1:${port}`,
    ...call.headers,
    'content-length': Buffer.byteLength(call.body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n${call.body}`;
}
