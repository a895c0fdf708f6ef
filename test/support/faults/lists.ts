// Lists that are too long, or never end; for `tools/list`.
import type { Faults, FaultyCall } from './fault.ts';
import { JSON_TYPE } from './wire.ts';

function listing({ wire, id }: FaultyCall, result: Record<string, unknown>): Promise<boolean> {
  const complete = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result };
  return wire.reply(200, JSON_TYPE, `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(complete)}}`);
}

const inputSchema = { type: 'object' };

/** Unsound lists by name. */
export const LISTS: Faults = {
  'many-tools': (call) =>
    listing(call, {
      tools: Array.from({ length: 10_000 }, (_, index) => ({ name: `tool_${index}`, inputSchema })),
    }),

  'megabyte-description': (call) =>
    listing(call, { tools: [{ name: 'wordy', description: 'x'.repeat(2 ** 20), inputSchema }] }),

  'cyclic-schema': (call) =>
    listing(call, { tools: [{ name: 'cyclic', inputSchema: { ...inputSchema, $ref: '#' } }] }),

  /** Every page leads to the same next page. */
  'cursor-loop': (call) => listing(call, { tools: [{ name: 'again', inputSchema }], nextCursor: 'again' }),
};
