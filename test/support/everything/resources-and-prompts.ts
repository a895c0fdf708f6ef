// The conformance suite's resources, prompts, subscriptions and completion.
import type { McpServer } from '@modelcontextprotocol/server';
import { ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { PNG_BASE64 } from './samples.ts';

type Message = { role: 'user'; content: { type: 'text'; text: string } };

function says(text: string): Message {
  return { role: 'user', content: { type: 'text', text } };
}

/** Adds the resources, and `resources/subscribe` of 2025-11-25. */
export function addResources(server: McpServer): void {
  const texts = {
    'test://static-text': 'This is the content of the static text resource.',
    'test://watched-resource': 'This resource is there to be watched.',
  };
  for (const [uri, text] of Object.entries(texts)) {
    const listed = { description: text, mimeType: 'text/plain' };
    server.registerResource(uri.slice('test://'.length), uri, listed, () => ({
      contents: [{ uri, mimeType: 'text/plain', text }],
    }));
  }
  const binary = { description: 'A picture of one pixel', mimeType: 'image/png' };
  server.registerResource('static-binary', 'test://static-binary', binary, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'image/png', blob: PNG_BASE64 }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const json = { description: 'Data by id', mimeType: 'application/json' };
  server.registerResource('template', template, json, (uri, { id }) => {
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` });
    return { contents: [{ uri: uri.href, mimeType: 'application/json', text }] };
  });
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}

/** Adds the prompts, and completion, which offers nothing. */
export function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'Takes no arguments' }, () => ({
    messages: [says('This is a simple prompt for testing.')],
  }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Takes two arguments', argsSchema: z.object({ arg1: z.string(), arg2: z.string() }) },
    ({ arg1, arg2 }) => ({ messages: [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Embeds a resource', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) => {
      const resource = { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
      const content = { type: 'resource' as const, resource };
      return { messages: [{ role: 'user' as const, content }, says('Please read the resource above.')] };
    },
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Shows a picture' }, () => {
    const content = { type: 'image' as const, data: PNG_BASE64, mimeType: 'image/png' };
    return { messages: [{ role: 'user' as const, content }, says('Please look at the picture above.')] };
  });
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: [], total: 0, hasMore: false },
  }));
}
