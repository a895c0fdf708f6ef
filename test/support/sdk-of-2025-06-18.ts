// A server of the official SDK as it was when 2025-06-18 was the newest revision: it refuses every newer one.

import { McpServer } from 'sdk-of-2025-06-18/server/mcp.js';
import { StreamableHTTPServerTransport } from 'sdk-of-2025-06-18/server/streamableHttp.js';
import { listen } from '../../demo/serve.ts';

/** Starts it with one tool, `where`, that only reads; `sessions` are those that it has open. */
export async function startSdk20250618() {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const { url, close } = await listen(
    {
      async handle(request, response) {
        const id = request.headers['mcp-session-id'];
        const transport = id === undefined ? await open(sessions) : sessions.get(String(id));
        if (transport === undefined) response.writeHead(404).end();
        else await transport.handleRequest(request, response);
      },
      async close() {
        for (const transport of sessions.values()) await transport.close();
      },
    },
    0,
  );
  return { url, close, sessions };
}

/** A transport that becomes a session with the `initialize` that it gets, and refuses all else. */
async function open(sessions: Map<string, StreamableHTTPServerTransport>) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  const server = new McpServer({ name: 'older', version: '1.0.0' });
  server.tool('where', {}, { readOnlyHint: true, openWorldHint: false }, () => ({
    content: [{ type: 'text', text: 'here' }],
  }));
  await server.connect(transport);
  return transport;
}
