// An MCP server with sessions, GET streams and streamed answers, and calls without a session in the stateless era, for cases
// about clients that come and go; run as a child:
// its one argument is JSON, `{ port, delayMs, faultShare }`.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

interface Plan {
  port: number;
  delayMs: number;
  /** Share of calls whose connection is reset before they are answered. */
  faultShare: number;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name?: string; arguments?: { nonce?: string }; _meta?: object };
}

const { port, delayMs, faultShare } = JSON.parse(process.argv[2] ?? '') as Plan;
/** Ids of live sessions; the oldest go first, for nobody ends the abandoned ones. */
const sessions = new Set<string>();
const MAX_SESSIONS = 5000;
const TOOLS = ['read_value', 'write_value', 'read_stream'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
}));

function open(): string {
  const id = randomUUID();
  sessions.add(id);
  const [oldest] = sessions;
  if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  return id;
}

function resultOf({ method, params }: Message): object {
  if (method === 'initialize') {
    const serverInfo = { name: 'chaos', version: '1' };
    return { protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true } }, serverInfo };
  }
  if (method === 'tools/list') return { tools: TOOLS };
  if (method === 'tools/call')
    return { content: [{ type: 'text', text: `${params?.arguments?.nonce} ${port}` }] };
  return {};
}

async function answer(request: IncomingMessage, message: Message, response: ServerResponse): Promise<void> {
  const session = request.headers['mcp-session-id'];
  const fresh = message.method === 'initialize';
  const stateless = message.method === 'tools/call' && message.params?._meta !== undefined;
  if (!fresh && !stateless && !sessions.has(String(session))) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  const isCall = message.method === 'tools/call';
  if (isCall && delayMs > 0) await pause(delayMs * (0.5 + Math.random()));
  if (isCall && Math.random() < faultShare) {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: resultOf(message) });
  const headers = fresh ? { 'mcp-session-id': open() } : {};
  if (message.params?.name === 'read_stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < 3 && !response.destroyed; i++) {
      response.write(
        'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n',
      );
      await pause(delayMs);
    }
    response.end(`event: message\ndata: ${body}\n\n`);
  } else response.writeHead(200, { ...headers, 'content-type': 'application/json' }).end(body);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    if (!sessions.has(String(request.headers['mcp-session-id']))) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    return;
  }
  if (request.method === 'DELETE') {
    response.writeHead(sessions.delete(String(request.headers['mcp-session-id'])) ? 200 : 404).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once(
    'end',
    () => void answer(request, JSON.parse(Buffer.concat(chunks).toString()) as Message, response),
  );
});
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');
