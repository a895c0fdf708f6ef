// What both demo servers offer besides the shared tools: a resource, a prompt, and the question that ask_color puts.
import { z } from 'zod';
import { TABLES } from './tables.ts';

/** The resource: how the shop's tables hang together. */
export const GUIDE = {
  name: 'guide',
  uri: 'demo://guide',
  listed: {
    title: 'Guide to the tables',
    description: 'Which tables there are, and what they hold.',
    mimeType: 'text/markdown',
  },
  read(replica: string) {
    const lines = [...TABLES].map(([name, { columns, rows }]) => {
      return `- \`${name}\` (${rows.length} rows): ${Object.keys(columns).join(', ')}`;
    });
    const text = ['# Tables', '', ...lines, '', `Served by ${replica}.`].join('\n');
    return { contents: [{ uri: 'demo://guide', mimeType: 'text/markdown', text }] };
  },
};

const describeTableArgs = z.object({ table: z.string().describe('Name of a table') });

/** The prompt: asks a model to describe one table. */
export const DESCRIBE_TABLE = {
  name: 'describe_table',
  listed: {
    title: 'Describe a table',
    description: 'Asks for a description of one table in plain words.',
    argsSchema: describeTableArgs,
  },
  render({ table }: z.output<typeof describeTableArgs>, replica: string) {
    const text = `Describe the table ${table} in two sentences. (Asked by ${replica}.)`;
    return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
  },
};

const COLORS = ['red', 'green', 'blue'];

/** The tool that asks its caller a question; each era asks in its own way, the question is the same. */
export const ASK_COLOR = {
  name: 'ask_color',
  listed: {
    title: 'Ask for a color',
    description: 'Asks whoever uses the client for a color, and answers with it.',
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  question: {
    message: 'Which color should the lamp have?',
    requestedSchema: {
      type: 'object' as const,
      properties: { color: { type: 'string' as const, enum: COLORS } },
      required: ['color'],
    },
  },
  answer(color: unknown, replica: string) {
    const chosen = typeof color === 'string' && COLORS.includes(color) ? color : null;
    return { content: [{ type: 'text' as const, text: JSON.stringify({ replica, color: chosen }) }] };
  },
};
