// A stateless gateway of SDK `Client` and `Server` objects: what terminating MCP on both sides costs.
// Run as a child: its one argument is JSON, `{ port, upstreamPort }`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const INFO = { name: 'sdk-gateway', version: '1.0.0' };
const { port, upstreamPort } = JSON.parse(process.argv[2] ?? '') as { port: number; upstreamPort: number };

const upstream = new Client(INFO);
await upstream.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${upstreamPort}/mcp`)));

/** The SDK's stateless pattern: a server and a transport for each request. */
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const server = new Server(INFO, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => upstream.callTool(params));
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response);
}

createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
}).listen(port, '127.0.0.1', 4096);
