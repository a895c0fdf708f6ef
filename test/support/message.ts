// Builds the requests that tests send by hand, in either era's shape.

/** A 2026-07-28 request with its headers: the envelope in `_meta`, and the headers that mirror the body. */
export function modernRequest(
  method: string,
  params: Record<string, unknown> = {},
  id: number | string = 1,
): { body: Record<string, unknown>; headers: Record<string, string> } {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'test-client', version: '1.0.0' },
    ...(params._meta as Record<string, unknown> | undefined),
  };
  const name = params.name ?? params.uri;
  return {
    body: { jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } },
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
  };
}

/** A 2025-11-25 request; its session, where it has one, goes in the headers. */
export function legacyRequest(
  method: string,
  params: Record<string, unknown> = {},
  id: number | string = 1,
  sessionId?: string,
): { body: Record<string, unknown>; headers: Record<string, string> } {
  return {
    body: { jsonrpc: '2.0', id, method, params },
    headers: {
      'mcp-protocol-version': '2025-11-25',
      ...(sessionId !== undefined && { 'mcp-session-id': sessionId }),
    },
  };
}

/** A notification of a session. */
export function legacyNotice(method: string, params: Record<string, unknown>, sessionId: string) {
  const { body, headers } = legacyRequest(method, params, 0, sessionId);
  const { id: _, ...notice } = body;
  return { body: notice, headers };
}

/** The `initialize` that opens a 2025-11-25 session. */
export function initializeRequest(id: number | string = 0): {
  body: Record<string, unknown>;
  headers: Record<string, string>;
} {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test-client', version: '1.0.0' },
  };
  return { body: { jsonrpc: '2.0', id, method: 'initialize', params }, headers: {} };
}
