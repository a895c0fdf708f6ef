// An upstream of both eras whose tool calls a test answers by hand, and which counts how many it has at once.
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as JSON. */
export interface RpcMessage {
  id?: number | string;
  method?: string;
  params?: { name?: string; arguments?: Record<string, unknown>; _meta?: Record<string, unknown> };
  result?: unknown;
}

/** One call that has arrived; the test answers it in any way. */
export interface GatedCall {
  readonly message: RpcMessage;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Answers with a result as JSON. */
  answer(result: unknown): void;
  /** Answers with one text. */
  text(text: string): void;
}

/** What a test does with each call; without it a call is held until `releaseAll`. */
export type OnCall = (call: GatedCall) => void;

const MODERN = 'io.modelcontextprotocol/protocolVersion';

export class GatedUpstream {
  /** Calls not yet answered. */
  readonly held: GatedCall[] = [];
  /** Everything received, in order. */
  readonly messages: RpcMessage[] = [];
  /** Headers of everything received. */
  readonly requests: IncomingMessage[] = [];
  inFlight = 0;
  /** Most calls at once since start. */
  mostInFlight = 0;
  onCall: OnCall | undefined;
  /** Streams on which the server may speak unasked. */
  readonly streams: ServerResponse[] = [];
  /** What stateless results say of their freshness. */
  stated: { ttlMs: number; cacheScope: 'public' | 'private' } = { ttlMs: 0, cacheScope: 'private' };
  /** What `tools/list` says. */
  tools: unknown[] = [{ name: 'echo', inputSchema: { type: 'object' } }];
  /** Sent with each answer, before all other headers. */
  headers: Record<string, string> = {};
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  static async start(onCall?: OnCall): Promise<GatedUpstream> {
    const upstream = new GatedUpstream();
    upstream.onCall = onCall;
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  /** Resolves once `count` calls are held at the same time; rejects after 5 s. */
  async whenHeld(count: number): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    while (this.held.length < count) await once(this.#server, 'call', { signal });
  }

  /** Answers every call that is held with a short text. */
  releaseAll(): void {
    for (const call of this.held.splice(0)) call.text('done');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push(request);
    if (request.method === 'GET') {
      this.#stream(response);
      return;
    }
    if (request.method !== 'POST') {
      response.writeHead(200).end();
      return;
    }
    const message = JSON.parse(Buffer.concat(chunks).toString()) as RpcMessage;
    this.messages.push(message);
    this.#answer(message, request, response);
  }

  #answer(message: RpcMessage, request: IncomingMessage, response: ServerResponse): void {
    const isModern = message.params?._meta?.[MODERN] !== undefined;
    const reply = (result: object) => {
      if (response.writableEnded) return;
      const extras = isModern ? { resultType: 'complete', ...this.stated } : {};
      response.writeHead(200, {
        ...this.headers,
        'content-type': 'application/json',
        ...(message.method === 'initialize' && { 'mcp-session-id': crypto.randomUUID() }),
      });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { ...extras, ...result } }));
    };
    const capabilities = { tools: {}, resources: {} };
    const serverInfo = { name: 'gated', version: '1.0.0' };
    if (message.method === 'subscriptions/listen') this.#stream(response);
    else if (message.method === 'tools/call') this.#call(message, request, response, reply);
    else if (message.id === undefined || message.method === undefined) response.writeHead(202).end();
    else if (message.method === 'initialize') {
      reply({ protocolVersion: '2025-11-25', capabilities, serverInfo });
    } else if (message.method === 'server/discover') {
      reply({ supportedVersions: ['2026-07-28'], capabilities, serverInfo });
    } else if (message.method === 'tools/list') reply({ tools: this.tools });
    else reply({});
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    this.streams.push(response);
  }

  /** Says a notification on every open stream. */
  notify(method: string): void {
    for (const stream of this.streams) {
      stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method })}\n\n`);
    }
  }

  #call(
    message: RpcMessage,
    request: IncomingMessage,
    response: ServerResponse,
    answer: (result: object) => void,
  ): void {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    response.once('close', () => this.inFlight--);
    const call: GatedCall = {
      message,
      request,
      response,
      answer: (result) => answer(result as object),
      text: (text) => answer({ content: [{ type: 'text', text }] }),
    };
    if (this.onCall !== undefined) this.onCall(call);
    else this.held.push(call);
    this.#server.emit('call', call);
  }
}
