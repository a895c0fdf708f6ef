// The tools both demo servers offer, written once: a name, a schema, truthful hints and what the tool does.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { DOCUMENTS, stock, TABLES } from './tables.ts';

/** What a running tool knows of its call: the replica's name, the caller's cancellation, a way to report progress. */
export interface ToolCall {
  replica: string;
  signal: AbortSignal;
  progress(done: number, total: number, message: string): Promise<void>;
}

/** A tool's answer in the shape both SDKs accept. */
export interface ToolResult {
  [key: string]: unknown;
  content: Array<{ type: 'text'; text: string }>;
  isError?: boolean;
}

interface ToolHints {
  readOnlyHint: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint: boolean;
}

/** One tool: what is listed, and what a call does. */
export interface DemoTool<Input extends z.ZodObject = z.ZodObject> {
  name: string;
  listed: { title: string; description: string; inputSchema: Input; annotations: ToolHints };
  run(args: z.output<Input>, call: ToolCall): Promise<ToolResult>;
}

/** The characters in big_export's answer: four times the gateway's default cap on a result. */
export const EXPORT_CHARS = 200_000;

const ITEM_LINE = 'lamp,1900,EUR,2026-01-15,delivered';
const READ_ONLY: ToolHints = { readOnlyHint: true, openWorldHint: false };
const tableName = z.enum([...TABLES.keys()]).describe('Name of a table');

let flakyCalls = 0;
let ordersPlaced = 0;

function tool<Input extends z.ZodObject>(definition: DemoTool<Input>): DemoTool {
  return definition;
}

function answer(call: ToolCall, fields: Record<string, unknown>): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify({ replica: call.replica, ...fields }) }] };
}

function failure(call: ToolCall, message: string): ToolResult {
  return { ...answer(call, { error: message }), isError: true };
}

const getTableSchema = tool({
  name: 'get_table_schema',
  listed: {
    title: 'Get table schema',
    description: 'Describes the columns of a table. Changes rarely: a good answer to cache.',
    inputSchema: z.object({ table: tableName }),
    annotations: READ_ONLY,
  },
  async run({ table }, call) {
    await delay(80, undefined, { signal: call.signal });
    // Derived from the clock so that replicas agree and a cached answer can be seen to age.
    const revision = Math.floor(Date.now() / 3_600_000);
    return answer(call, { table, revision, columns: TABLES.get(table)?.columns });
  },
});

const runQuery = tool({
  name: 'run_query',
  listed: {
    title: 'Run query',
    description: 'Reads rows of a table.',
    inputSchema: z.object({ table: tableName, limit: z.int().min(1).max(100).default(10) }),
    annotations: READ_ONLY,
  },
  async run({ table, limit }, call) {
    await delay(30, undefined, { signal: call.signal });
    return answer(call, { table, rows: TABLES.get(table)?.rows.slice(0, limit) });
  },
});

const searchDocs = tool({
  name: 'search_docs',
  listed: {
    title: 'Search documents',
    description: "Finds the shop's documents that contain a word.",
    inputSchema: z.object({ query: z.string().min(1) }),
    annotations: READ_ONLY,
  },
  async run({ query }, call) {
    await delay(50, undefined, { signal: call.signal });
    const wanted = query.toLowerCase();
    const found = DOCUMENTS.filter(({ title, text }) => `${title} ${text}`.toLowerCase().includes(wanted));
    return answer(call, { query, found });
  },
});

const slowReport = tool({
  name: 'slow_report',
  listed: {
    title: 'Slow report',
    description: 'Takes a few seconds and reports its progress on the way.',
    inputSchema: z.object({ seconds: z.number().min(0).max(60).default(3) }),
    annotations: READ_ONLY,
  },
  async run({ seconds }, call) {
    const steps = 6;
    for (let step = 1; step <= steps; step++) {
      await delay((seconds * 1000) / steps, undefined, { signal: call.signal });
      await call.progress(step, steps, `Chapter ${step} of ${steps} is written`);
    }
    return answer(call, { chapters: steps });
  },
});

const createOrder = tool({
  name: 'create_order',
  listed: {
    title: 'Create order',
    description: 'Places an order and takes what was ordered out of the stock. Each call is a new order.',
    inputSchema: z.object({ item: z.enum([...stock.keys()]), quantity: z.int().min(1).max(10).default(1) }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  },
  async run({ item, quantity }, call) {
    const left = (stock.get(item) ?? 0) - quantity;
    if (left < 0) return failure(call, `Only ${left + quantity} of ${item} are left`);
    stock.set(item, left);
    return answer(call, { order: `${call.replica}-${++ordersPlaced}`, item, quantity, left });
  },
});

const flaky = tool({
  name: 'flaky',
  listed: {
    title: 'Flaky',
    description: 'Fails every third time it is called.',
    inputSchema: z.object({}),
    annotations: READ_ONLY,
  },
  async run(_args, call) {
    const calls = ++flakyCalls;
    return calls % 3 === 0 ? failure(call, 'It failed this time') : answer(call, { calls });
  },
});

const bigExport = tool({
  name: 'big_export',
  listed: {
    title: 'Big export',
    description: `Returns ${EXPORT_CHARS} characters of text, far more than a model wants to read.`,
    inputSchema: z.object({}),
    annotations: READ_ONLY,
  },
  async run(_args, call) {
    const lines = [`replica: ${call.replica}`];
    for (let length = 0; length < EXPORT_CHARS; length += lines.at(-1)?.length ?? 0) {
      lines.push(`${lines.length},${ITEM_LINE}`);
    }
    return { content: [{ type: 'text', text: lines.join('\n').slice(0, EXPORT_CHARS) }] };
  },
});

/** Every shared tool, in the order in which it is listed. */
export const TOOLS: readonly DemoTool[] = [
  getTableSchema,
  runQuery,
  searchDocs,
  slowReport,
  createOrder,
  flaky,
  bigExport,
];
