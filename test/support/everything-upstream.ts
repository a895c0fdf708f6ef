// A conformance server of our own, for one era or both, in this process or as a child.
import type { IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import type { NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler } from '@modelcontextprotocol/server';
import type { DemoService, Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { buildEverything } from './everything/build-server.ts';
import { EverythingSessions } from './everything/sessions.ts';
import { parseOrUndefined } from './sse-events.ts';

/** `legacy`: 2025-11-25 with sessions; `modern`: 2026-07-28; `dual`: both, each as its requests ask for it. */
export type EverythingEra = 'legacy' | 'modern' | 'dual';

const ERAS: readonly EverythingEra[] = ['legacy', 'modern', 'dual'];

/** Starts the conformance server on 127.0.0.1; port 0 takes any free one. */
export function startEverything({
  era = 'dual',
  port = 0,
}: {
  era?: EverythingEra;
  port?: number;
} = {}): Promise<Listening> {
  return listen(everything(era), port);
}

function everything(era: EverythingEra): DemoService {
  const modern = createMcpHandler(() => buildEverything(modern.notify), { legacy: 'reject' });
  const handleModern = toNodeHandler(modern);
  const sessions = new EverythingSessions(() => buildEverything(modern.notify));
  return {
    async handle(request, response) {
      const body = await readJson(request);
      if (body === undefined && request.method === 'POST') {
        const error = { code: -32700, message: 'Parse error' };
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
        return;
      }
      if (era === 'legacy' || (era === 'dual' && isLegacy(request, body))) {
        await sessions.handle(request, response, body);
      } else {
        await handleModern(request as NodeIncomingMessageLike, response, body);
      }
    },
    async close() {
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
}

function isLegacy({ method = 'GET', headers }: IncomingMessage, body: unknown): boolean {
  const protocolVersionHeader = headers['mcp-protocol-version'];
  const mcpMethodHeader = headers['mcp-method'];
  const inbound = classifyInboundRequest({
    httpMethod: method,
    body,
    ...(typeof protocolVersionHeader === 'string' && { protocolVersionHeader }),
    ...(typeof mcpMethodHeader === 'string' && { mcpMethodHeader }),
  });
  return inbound.kind === 'legacy';
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (request.method !== 'POST') return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return parseOrUndefined(Buffer.concat(chunks).toString('utf8'));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string' }, era: { type: 'string' } } });
  const era = ERAS.find((known) => known === (values.era ?? 'dual'));
  if (era === undefined) throw new Error(`--era is one of ${ERAS.join(', ')}`);
  const { url, close } = await startEverything({ era, port: Number(values.port ?? 0) });
  const stop = () => void close().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  console.log(`everything (${era}) ready on ${url}`);
}

if (import.meta.main) await main();
