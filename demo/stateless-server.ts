// A dual-era demo server that keeps nothing between requests: 2026-07-28, and 2025-11-25 without sessions.
import type { NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { ASK_COLOR, DESCRIBE_TABLE, GUIDE } from './catalogue.ts';
import type { DemoService } from './serve.ts';
import { serveAsProcess } from './serve.ts';
import { TOOLS } from './tools.ts';

const MINUTE_MS = 60_000;

function addTools(server: McpServer, replica: string): void {
  for (const { name, listed, run } of TOOLS) {
    server.registerTool(name, listed, (args, { mcpReq }) => {
      const token = mcpReq._meta?.progressToken;
      return run(args, {
        replica,
        signal: mcpReq.signal,
        async progress(done, total, message) {
          if (token === undefined) return;
          const params = { progressToken: token, progress: done, total, message };
          await mcpReq.notify({ method: 'notifications/progress', params });
        },
      });
    });
  }
}

/** Asks by an `input_required` result; the client calls again with the answer (2026-07-28 basic/patterns/mrtr). */
function addAskColor(server: McpServer, replica: string): void {
  server.registerTool(ASK_COLOR.name, ASK_COLOR.listed, ({ mcpReq }) => {
    const reply = inputResponse(mcpReq.inputResponses, 'color');
    if (reply.kind === 'elicit') return ASK_COLOR.answer(reply.content?.color, replica);
    return inputRequired({ inputRequests: { color: inputRequired.elicit(ASK_COLOR.question) } });
  });
}

function buildServer(replica: string): McpServer {
  const server = new McpServer(
    { name: 'demo-stateless', version: '1.0.0', title: replica },
    { cacheHints: { 'tools/list': { ttlMs: MINUTE_MS, cacheScope: 'public' } } },
  );
  addTools(server, replica);
  addAskColor(server, replica);
  const hint = { cacheHint: { ttlMs: MINUTE_MS, cacheScope: 'public' as const } };
  server.registerResource(GUIDE.name, GUIDE.uri, { ...GUIDE.listed, ...hint }, () => GUIDE.read(replica));
  server.registerPrompt(DESCRIBE_TABLE.name, DESCRIBE_TABLE.listed, (args) =>
    DESCRIBE_TABLE.render(args, replica),
  );
  return server;
}

/** The stateless demo server named `replica`: any request can go to any replica. */
export function statelessServer(replica: string): DemoService {
  const handler = createMcpHandler(() => buildServer(replica));
  const handle = toNodeHandler(handler);
  return {
    // Node's IncomingMessage misses the SDK's structural type under exactOptionalPropertyTypes.
    handle: (request, response) => handle(request as NodeIncomingMessageLike, response),
    close: () => handler.close(),
  };
}

if (import.meta.main) await serveAsProcess(statelessServer);
