// The conformance suite's tools that send their caller a request in the middle of a call (2025-11-25 and before).
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { said } from './plain-tools.ts';

type Properties = Record<string, Record<string, unknown>>;

const CHOICES = ['option1', 'option2', 'option3'];

function titled(kind: string): Array<{ const: string; title: string }> {
  return ['First', 'Second', 'Third'].map((nth, index) => ({
    const: `value${index + 1}`,
    title: `${nth} ${kind}`,
  }));
}

const DEFAULTS: Properties = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const ENUMS: Properties = {
  untitledSingle: { type: 'string', enum: CHOICES },
  titledSingle: { type: 'string', oneOf: titled('Option') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: CHOICES } },
  titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
};

function formTool(server: McpServer, name: string, properties: Properties): void {
  server.registerTool(
    name,
    { description: `Asks for ${Object.keys(properties).join(', ')}` },
    async ({ mcpReq }) => {
      const params = { message: 'Please fill in this form', requestedSchema: { type: 'object', properties } };
      const { action, content } = await mcpReq.send({ method: 'elicitation/create', params });
      return said(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
    },
  );
}

/** Adds the tools that ask by a request of their own. */
export function addAskingTools(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: "Asks the caller's model", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, { mcpReq }) => {
      const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
      const params = { messages, maxTokens: 100 };
      const { content } = await mcpReq.send({ method: 'sampling/createMessage', params });
      const first = Array.isArray(content) ? content[0] : content;
      return said(`LLM response: ${first?.type === 'text' ? first.text : 'not a text'}`);
    },
  );

  server.registerTool(
    'test_elicitation',
    { description: 'Asks the caller', inputSchema: z.object({ message: z.string() }) },
    async ({ message }, { mcpReq }) => {
      const properties = { response: { type: 'string', description: 'The answer' } };
      const params = { message, requestedSchema: { type: 'object', properties, required: ['response'] } };
      const { action, content } = await mcpReq.send({ method: 'elicitation/create', params });
      return said(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`);
    },
  );

  formTool(server, 'test_elicitation_sep1034_defaults', DEFAULTS);
  formTool(server, 'test_elicitation_sep1330_enums', ENUMS);
}
