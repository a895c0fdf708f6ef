// The conformance suite's tools that answer by themselves: content of each kind, errors, progress, logging.
import { setTimeout as delay } from 'node:timers/promises';
import type { CallToolResult, ContentBlock, McpServer } from '@modelcontextprotocol/server';
import { fromJsonSchema } from '@modelcontextprotocol/server';
import { PNG_BASE64, WAV_BASE64 } from './samples.ts';
import { SCHEMA_2020_12 } from './schema-2020-12.ts';

const IMAGE: ContentBlock = { type: 'image', data: PNG_BASE64, mimeType: 'image/png' };

/** An answer of one text. */
export function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

function embedded(uri: string, mimeType: string, text: string): ContentBlock {
  return { type: 'resource', resource: { uri, mimeType, text } };
}

const CONTENT: Record<string, ContentBlock[]> = {
  test_simple_text: [{ type: 'text', text: 'This is a simple text response for testing.' }],
  test_image_content: [IMAGE],
  test_audio_content: [{ type: 'audio', data: WAV_BASE64, mimeType: 'audio/wav' }],
  test_embedded_resource: [
    embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ],
  test_multiple_content_types: [
    { type: 'text', text: 'Multiple content types test:' },
    IMAGE,
    embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ],
  test_streaming_elicitation: [{ type: 'text', text: 'Nothing was asked on the way.' }],
};

/** Adds the tools that need nothing from their caller. */
export function addPlainTools(server: McpServer): void {
  for (const [name, content] of Object.entries(CONTENT)) {
    server.registerTool(name, { description: `Answers with the content of ${name}` }, () => ({ content }));
  }

  server.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });

  const schema = fromJsonSchema<Record<string, unknown>>(SCHEMA_2020_12);
  const described = { description: 'Lists a JSON Schema 2020-12 schema', inputSchema: schema };
  server.registerTool('json_schema_2020_12_tool', described, (args) => said(JSON.stringify(args)));

  // An annotation the SDK's schema type does not know, so it must not be checked as a literal.
  const region = { type: 'string' as const, 'x-mcp-header': 'Region' };
  const properties = { region, level: { type: 'integer' as const } };
  const mirrored = fromJsonSchema<{ region?: string }>({ type: 'object', properties });
  const mirroring = { description: 'Mirrors its region into Mcp-Param-Region', inputSchema: mirrored };
  server.registerTool('test_mirrored_argument', mirroring, ({ region }) => said(region ?? 'nowhere'));

  addReportingTools(server);
}

function addReportingTools(server: McpServer): void {
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Reports progress three times' },
    async ({ mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
        const params = { progressToken, progress, total: 100, message: `${progress} of 100` };
        await mcpReq.notify({ method: 'notifications/progress', params });
        await delay(20);
      }
      return said(String(progressToken ?? 'no progress was asked for'));
    },
  );

  server.registerTool('test_tool_with_logging', { description: 'Logs three times' }, async ({ mcpReq }) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
      await delay(20);
    }
    return said('Logged three times');
  });

  // `log` keeps to the level the request asked for, which in 2026-07-28 may be none at all.
  server.registerTool('test_logging_tool', { description: 'Logs where asked to' }, async ({ mcpReq }) => {
    await mcpReq.log('info', 'This was asked for');
    return said('Logged as asked');
  });

  server.registerTool(
    'test_reconnection',
    { description: 'Closes its stream before it answers; the answer is replayed' },
    async ({ http }) => {
      http?.closeSSE?.();
      await delay(100);
      return said('The client came back for this');
    },
  );
}
