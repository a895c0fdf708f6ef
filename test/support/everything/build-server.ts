// Builds one SDK server with every fixture the official conformance suite calls for, in both eras.
import type { ServerNotifier } from '@modelcontextprotocol/server';
import { McpServer } from '@modelcontextprotocol/server';
import { addAskingTools } from './asking-tools.ts';
import { addInputRequired, requestState } from './input-required.ts';
import { addPlainTools, said } from './plain-tools.ts';
import { addPrompts, addResources } from './resources-and-prompts.ts';

/** A server for one session or one request; `notifier` carries change notices to open `subscriptions/listen`. */
export function buildEverything(notifier: ServerNotifier): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: requestState.verify },
    },
  );
  addPlainTools(server);
  addAskingTools(server);
  addInputRequired(server);
  addResources(server);
  addPrompts(server);
  server.registerTool('test_trigger_tool_change', { description: 'Says the tools changed' }, () => {
    notifier.toolsChanged();
    return said('Said so');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Says the prompts changed' }, () => {
    notifier.promptsChanged();
    return said('Said so');
  });
  return server;
}
