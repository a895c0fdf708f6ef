// A small MCP server on bare node:http, both eras: real ids and sessions, optional delay, SSE streams at a steady rate.
// Run as a child: its one argument is JSON, `{ ports: [{ port, delayMs? }], eventIntervalMs? }`.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { lookupResult, SERVER_INFO } from '../calls.ts';

interface Plan {
  ports: { port: number; delayMs?: number }[];
  eventIntervalMs?: number;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name?: string; protocolVersion?: string; _meta?: Record<string, unknown> };
}

const TOOLS = ['lookup', 'stream'].map((name) => ({
  name,
  description: `The bench's ${name}`,
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
}));
const FOREVER = { ttlMs: 3_600_000, cacheScope: 'public' };
const FILLER = 'x'.repeat(60);

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const streams = new Set<ServerResponse>();

function resultOf(message: Message, modern: boolean): object | undefined {
  const complete = modern ? { resultType: 'complete', ...FOREVER } : {};
  switch (message.method) {
    case 'initialize':
      return {
        protocolVersion: message.params?.protocolVersion ?? '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: SERVER_INFO,
      };
    case 'server/discover':
      return {
        ...complete,
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
      };
    case 'tools/list':
      return { ...complete, tools: TOOLS };
    case 'tools/call':
      return lookupResult(modern);
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

function answer(message: Message, response: ServerResponse): void {
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  if (message.params?.name === 'stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.flushHeaders();
    streams.add(response);
    response.once('close', () => streams.delete(response));
    return;
  }
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const result = resultOf(message, modern);
  const error = { code: -32601, message: 'Method not found' };
  const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...(result ? { result } : { error }) });
  response.writeHead(result ? 200 : modern ? 404 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(message.method === 'initialize' ? { 'mcp-session-id': randomUUID() } : {}),
  });
  response.end(body);
}

function serve(port: number, delayMs: number): void {
  let calls = 0;
  const server = createServer((request: IncomingMessage, response) => {
    if (request.method === 'GET' && request.url === '/calls') {
      response.end(String(calls));
      return;
    }
    if (request.method !== 'POST') {
      response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      const isCall = message.method === 'tools/call';
      if (isCall) calls += 1;
      if (isCall && delayMs > 0) setTimeout(answer, delayMs, message, response);
      else answer(message, response);
    });
  });
  server.keepAliveTimeout = 120_000;
  server.listen(port, '127.0.0.1');
}

/** One progress event to every open stream; `progress` is this machine's monotonic clock in us, so it also increases. */
function emit(): void {
  for (const response of streams) {
    const progress = Number(process.hrtime.bigint() / 1000n);
    const params = { progressToken: 'bench', progress, message: FILLER };
    const message = { jsonrpc: '2.0', method: 'notifications/progress', params };
    response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }
}

for (const { port, delayMs = 0 } of plan.ports) serve(port, delayMs);
if (plan.eventIntervalMs !== undefined) setInterval(emit, plan.eventIntervalMs);
