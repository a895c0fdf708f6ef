// Serves 2025-11-25 with sessions and resumable streams on SDK v2's legacy transport.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { McpServer, Transport } from '@modelcontextprotocol/server';
import { MemoryEventStore } from '../../../demo/event-store.ts';

/** The sessions of a conformance server, by id. */
export class EverythingSessions {
  readonly #transports = new Map<string, NodeStreamableHTTPServerTransport>();
  readonly #buildServer: () => McpServer;

  constructor(buildServer: () => McpServer) {
    this.#buildServer = buildServer;
  }

  /** Answers one exchange, given its parsed body where there is one. */
  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (id === undefined) {
      await (await this.#connect()).handleRequest(request, response, body);
      return;
    }
    const transport = this.#transports.get(String(id));
    if (transport !== undefined) {
      await transport.handleRequest(request, response, body);
      return;
    }
    response.writeHead(404, { 'content-type': 'application/json' });
    const error = { code: -32001, message: 'Session not found' };
    response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }

  async #connect(): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new MemoryEventStore(),
      retryInterval: 500,
      onsessioninitialized: (id) => {
        this.#transports.set(id, transport);
      },
      onsessionclosed: (id) => {
        this.#transports.delete(id);
      },
    });
    await this.#buildServer().connect(transport as Transport);
    return transport;
  }
}
