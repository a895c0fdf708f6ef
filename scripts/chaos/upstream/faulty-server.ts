// An MCP server of both eras that keeps a journal of its calls and misbehaves on command; run as a child:
// its one argument is JSON, `{ port, delayMs, journal }`, and `POST /fault` takes a mode.
import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** What goes wrong with calls: nothing, every request, every call, or each call by its own dice. */
export type FaultMode = 'none' | 'status_500' | 'call_500' | 'status_503' | 'random';

interface Plan {
  port: number;
  delayMs: number;
  /** A line `+ nonce` when a call has arrived, `- nonce` when it is answered; it survives a kill. */
  journal: string;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name?: string; arguments?: { nonce?: string }; _meta?: Record<string, unknown> };
}

const TOOLS = [
  { name: 'read_value', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'write_value', inputSchema: { type: 'object' } },
];
const CACHE = { ttlMs: 0, cacheScope: 'private' };

const { port, delayMs, journal } = JSON.parse(process.argv[2] ?? '') as Plan;
let mode: FaultMode = 'none';

function resultOf({ method, params }: Message, modern: boolean): object | undefined {
  const complete = modern ? { resultType: 'complete' } : {};
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'chaos', version: '1' },
      };
    case 'server/discover':
      return { ...complete, ...CACHE, supportedVersions: ['2026-07-28'], capabilities: { tools: {} } };
    case 'tools/list':
      return { ...complete, ...(modern ? CACHE : {}), tools: TOOLS };
    case 'tools/call':
      return { ...complete, content: [{ type: 'text', text: `${params?.arguments?.nonce} ${port}` }] };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

/** True when the request has been dealt with: by a broken connection, an error, or silence. */
function misbehave(isCall: boolean, response: ServerResponse): boolean {
  if (mode === 'status_500' || (mode === 'call_500' && isCall)) {
    response.writeHead(500).end();
    return true;
  }
  if (mode === 'status_503' && isCall) {
    response.writeHead(503).end();
    return true;
  }
  if (mode !== 'random' || !isCall) return false;
  const dice = Math.random();
  if (dice < 0.05) response.socket?.resetAndDestroy();
  else if (dice < 0.08) response.writeHead(500).end();
  else if (dice < 0.1) response.socket?.end();
  else if (dice < 0.11) response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  else if (dice < 0.12)
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': '90' })
      .write('{"js', () => response.socket?.destroy());
  else return dice < 0.122;
  return true;
}

async function answer(message: Message, response: ServerResponse): Promise<void> {
  const isCall = message.method === 'tools/call';
  const nonce = message.params?.arguments?.nonce;
  if (isCall) appendFileSync(journal, `+ ${nonce}\n`);
  if (misbehave(isCall, response)) return;
  if (message.id === undefined) {
    response.writeHead(202).end();
    return;
  }
  if (isCall) await pause(delayMs);
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const result = resultOf(message, modern);
  const outcome = result ? { result } : { error: { code: -32601, message: 'Method not found' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, ...outcome });
  if (isCall) appendFileSync(journal, `- ${nonce}\n`);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  response.writeHead(result || !modern ? 200 : 404, headers).end(body);
}

const server = createServer((request: IncomingMessage, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const text = Buffer.concat(chunks).toString();
    if (request.url === '/fault') {
      mode = text as FaultMode;
      response.end();
    } else if (request.method !== 'POST') response.writeHead(405).end();
    else void answer(JSON.parse(text) as Message, response);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(port, '127.0.0.1');
