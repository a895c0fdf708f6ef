// A 2025-11-25 demo server that keeps sessions: GET streams, resumable streams, idle sessions ended.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { ASK_COLOR, DESCRIBE_TABLE, GUIDE } from './catalogue.ts';
import type { DemoService } from './serve.ts';
import { serveAsProcess } from './serve.ts';
import { SessionTable } from './session-table.ts';
import { TOOLS } from './tools.ts';

function addTools(server: McpServer, replica: string): void {
  for (const { name, listed, run } of TOOLS) {
    server.registerTool(name, listed, (args, extra) => {
      const token = extra._meta?.progressToken;
      return run(args, {
        replica,
        signal: extra.signal,
        async progress(done, total, message) {
          if (token === undefined) return;
          const params = { progressToken: token, progress: done, total, message };
          await extra.sendNotification({ method: 'notifications/progress', params });
        },
      });
    });
  }
}

/** Asks by a request to the client on the call's own stream; the client posts the answer. */
function addAskColor(server: McpServer, replica: string): void {
  server.registerTool(ASK_COLOR.name, { ...ASK_COLOR.listed, inputSchema: {} }, async (_args, extra) => {
    const request = { method: 'elicitation/create' as const, params: ASK_COLOR.question };
    const reply = await extra.sendRequest(request, ElicitResultSchema);
    return ASK_COLOR.answer(reply.content?.color, replica);
  });
}

function buildServer(replica: string): McpServer {
  const server = new McpServer({ name: 'demo-stateful', version: '1.0.0', title: replica });
  addTools(server, replica);
  addAskColor(server, replica);
  server.registerResource(GUIDE.name, GUIDE.uri, GUIDE.listed, () => GUIDE.read(replica));
  const { argsSchema, ...prompt } = DESCRIBE_TABLE.listed;
  server.registerPrompt(DESCRIBE_TABLE.name, { ...prompt, argsSchema: argsSchema.shape }, (args) =>
    DESCRIBE_TABLE.render(args, replica),
  );
  return server;
}

/** The stateful demo server named `replica`: a session's requests must all come to the replica that made it. */
export function statefulServer(replica: string, idleMs = 10 * 60_000): DemoService {
  const sessions = new SessionTable(
    () => buildServer(replica),
    () => `${replica}-${randomUUID()}`,
    idleMs,
  );
  return {
    handle: (request, response) => sessions.handle(request, response),
    close: () => sessions.close(),
  };
}

if (import.meta.main) await serveAsProcess(statefulServer);
