// The ways in which an official client can reach a server, for stories that must go the same in each.
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe } from 'vitest';
import { connectV1, connectV2 } from './clients.ts';

/** A connected official client, as far as its two lines agree. */
export interface Peer {
  client: Pick<
    Awaited<ReturnType<typeof connectV1>>['client'],
    'listTools' | 'listResources' | 'listResourceTemplates' | 'listPrompts' | 'readResource' | 'getPrompt'
  >;
  call(
    name: string,
    args?: Record<string, unknown>,
    onProgress?: (done: number) => void,
  ): Promise<CallAnswer>;
  close(): Promise<void>;
}

/** What a tool call answered. */
export interface CallAnswer {
  isError?: boolean;
  content: Array<{ type: string; text: string }>;
}

export type Connect = (url: string) => Promise<Peer>;

const capabilities = { elicitation: {}, sampling: {}, roots: {} };
const content = { response: 'blue', name: 'Ada', color: 'green', ok: true, context: 'here' };
const answerForm = async () => ({ action: 'accept' as const, content });
const answerSample = async () => ({
  model: 'test-model',
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'Paris' },
});

async function v1(url: string): Promise<Peer> {
  const { client, close } = await connectV1(url, {
    client: { capabilities },
    prepare(client) {
      client.setRequestHandler(ElicitRequestSchema, answerForm);
      client.setRequestHandler(CreateMessageRequestSchema, answerSample);
    },
  });
  return {
    client,
    close,
    async call(name, args = {}, onProgress) {
      const options = onProgress && {
        onprogress: ({ progress }: { progress: number }) => onProgress(progress),
      };
      return (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as CallAnswer;
    },
  };
}

function v2(era: 'modern' | 'legacy'): Connect {
  return async (url) => {
    const { client, close } = await connectV2(url, {
      era,
      client: { capabilities },
      prepare(client) {
        client.setRequestHandler('elicitation/create', answerForm);
        client.setRequestHandler('sampling/createMessage', answerSample);
        client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///home' }] }));
      },
    });
    return {
      client: client as unknown as Peer['client'],
      close,
      async call(name, args = {}, onProgress) {
        const options = onProgress && {
          onprogress: ({ progress }: { progress: number }) => onProgress(progress),
        };
        return (await client.callTool({ name, arguments: args }, options)) as unknown as CallAnswer;
      },
    };
  };
}

const clients: [string, Connect, { sessionful: boolean }][] = [
  ['the v1 client in 2025-11-25', v1, { sessionful: true }],
  ['the v2 client in 2025-11-25', v2('legacy'), { sessionful: true }],
  ['the v2 client in 2026-07-28', v2('modern'), { sessionful: false }],
];

/** Tells one story by each official client. */
export function describeClients(
  story: (connect: Connect, differences: { sessionful: boolean }) => void,
): void {
  describe.each(clients)('%s', (_name, connect, differences) => story(connect, differences));
}
