// The sessions of a stateful server: one SDK server and transport each, found by Mcp-Session-Id, ended when idle.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { MemoryEventStore } from './event-store.ts';

interface Session {
  transport: StreamableHTTPServerTransport;
  openExchanges: number;
  lastUsedAt: number;
}

/** Routes exchanges to their session; one without a session id may only be an `initialize`, which makes a session. */
export class SessionTable {
  readonly #sessions = new Map<string, Session>();
  readonly #buildServer: () => McpServer;
  readonly #newId: () => string;
  readonly #sweeper: NodeJS.Timeout;

  constructor(buildServer: () => McpServer, newId: () => string, idleMs: number) {
    this.#buildServer = buildServer;
    this.#newId = newId;
    this.#sweeper = setInterval(() => this.#endIdle(idleMs), Math.min(idleMs, 30_000)).unref();
  }

  /** Answers one exchange: 404 for a session that is not known (2025-11-25 basic/transports, session management). */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (id === undefined) {
      const transport = await this.#connect();
      await transport.handleRequest(request, response);
      // Not an initialize: the transport has answered 400, and nothing is kept.
      if (transport.sessionId === undefined) await transport.close();
      return;
    }
    const session = this.#sessions.get(String(id));
    if (session === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      const error = { code: -32001, message: 'Session not found' };
      response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
      return;
    }
    session.openExchanges++;
    response.once('close', () => {
      session.openExchanges--;
      session.lastUsedAt = performance.now();
    });
    await session.transport.handleRequest(request, response);
  }

  /** Ends every session and its open streams. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async #connect(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: this.#newId,
      eventStore: new MemoryEventStore(),
      onsessioninitialized: (id) => {
        this.#sessions.set(id, { transport, openExchanges: 0, lastUsedAt: performance.now() });
        transport.onclose = () => this.#sessions.delete(id);
      },
    });
    // The SDK's own transport class misses its Transport interface under exactOptionalPropertyTypes.
    await this.#buildServer().connect(transport as Transport);
    return transport;
  }

  #endIdle(idleMs: number): void {
    const usedSince = performance.now() - idleMs;
    for (const { transport, openExchanges, lastUsedAt } of this.#sessions.values()) {
      if (openExchanges === 0 && lastUsedAt < usedSince) void transport.close();
    }
  }
}
