// Operations: which series of the MCP duration histograms an exchange belongs to, found without building attributes.

import type { Exchange } from '../core/exchange.ts';
import { failureKinds } from '../core/failure.ts';
import { refusals } from '../core/refusal.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method, methodLabel } from '../mcp/methods.ts';
import { revisions } from '../mcp/revisions.ts';
import type { Histogram, HistogramSeries, Labels } from './instruments.ts';

/** Whether a pool's upstream really lists a tool (or prompt): only then may its name become a label. */
export type KnowsTool = (pool: string, name: string) => boolean;

/** Which names a pool's upstream really lists; any other is a caller's text. */
export interface Known {
  readonly tool: KnowsTool;
  readonly prompt: KnowsTool;
}

/** Label of what is not known well enough to be named. */
export const OTHER = '_other';

/** What the conventions say of the network: HTTP/1.1 on both sides. */
export const networkLabels = {
  'network.protocol.name': 'http',
  'network.protocol.version': '1.1',
  'network.transport': 'tcp',
} as const;

const integer = /^-?\d{1,10}$/;
/** Tools, or prompts, that are told apart under one method, over the life of the process. */
const MAX_NAMES = 2000;
/** Different JSON-RPC codes that upstreams may bring into the labels. */
const MAX_CODES = 100;

const errorLabels = new Map<string, string>(
  [...Object.keys(refusals), ...failureKinds, 'tool_error', 'cancelled'].map((word) => [word, word]),
);
const MAX_ERROR_LABELS = errorLabels.size + MAX_CODES;

/** An error type as a label: the gateway's own words and a bounded number of codes. */
function errorLabel(errorType: string): string {
  const known = errorLabels.get(errorType);
  if (known !== undefined) return known;
  if (!integer.test(errorType) || errorLabels.size >= MAX_ERROR_LABELS) return '_OTHER';
  errorLabels.set(errorType, errorType);
  return errorType;
}

/** Series of one method and tool or prompt: by revision, for success and for each kind of error. */
interface Branch {
  readonly ok: (HistogramSeries | undefined)[];
  readonly failed: Map<string, (HistogramSeries | undefined)[]>;
}

/** The series of one duration histogram that share some attributes. */
export class Operations {
  readonly #histogram: Histogram;
  readonly #shared: Labels;
  readonly #branches = new Map<string, Map<string, Branch>>();

  constructor(histogram: Histogram, shared: Labels = {}) {
    this.#histogram = histogram;
    this.#shared = shared;
  }

  /** The series of a message; `name` is the label of the tool or prompt that it names, else empty. */
  series(x: Exchange, message: Envelope, name: string, errorType: string | undefined): HistogramSeries {
    const revision = revisions.indexOf(message.revision ?? x.inbound.protocolVersion ?? '') + 1;
    const method = methodLabel(message.method);
    const branch = this.#branch(method, name);
    const error = errorType === undefined ? undefined : errorLabel(errorType);
    let row = error === undefined ? branch.ok : branch.failed.get(error);
    if (row === undefined) {
      row = newRow();
      branch.failed.set(error as string, row);
    }
    let series = row[revision];
    if (series === undefined) {
      series = this.#histogram.series(this.#labels(method, name, error, revisions[revision - 1]));
      row[revision] = series;
    }
    return series;
  }

  #branch(method: string, name: string): Branch {
    let names = this.#branches.get(method);
    if (names === undefined) {
      names = new Map();
      this.#branches.set(method, names);
    }
    let branch = names.get(name);
    if (branch === undefined && names.size >= MAX_NAMES) branch = names.get(OTHER);
    if (branch === undefined) {
      branch = { ok: newRow(), failed: new Map() };
      names.set(name, branch);
    }
    return branch;
  }

  #labels(method: string, name: string, error: string | undefined, revision: string | undefined): Labels {
    return {
      'mcp.method.name': method,
      ...(method === Method.toolsCall && {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': name,
      }),
      ...(method === Method.promptsGet && { 'gen_ai.prompt.name': name }),
      ...(error !== undefined && { 'error.type': error }),
      ...(error !== undefined && integer.test(error) && { 'rpc.response.status_code': error }),
      ...(revision !== undefined && { 'mcp.protocol.version': revision }),
      ...networkLabels,
      ...this.#shared,
    };
  }
}

function newRow(): (HistogramSeries | undefined)[] {
  return [undefined, ...revisions.map(() => undefined)];
}

/** The label of the tool that a message calls; empty when it calls none. */
export function toolLabel(knowsTool: KnowsTool, pool: string, message: Envelope): string {
  if (message.method !== Method.toolsCall) return '';
  const tool = message.name;
  return tool !== undefined && knowsTool(pool, tool) ? tool : OTHER;
}

/** The label of the tool or prompt that a message names; empty when it names none. */
export function nameLabel(known: Known, pool: string, message: Envelope): string {
  if (message.method !== Method.promptsGet) return toolLabel(known.tool, pool, message);
  const prompt = message.name;
  return prompt !== undefined && known.prompt(pool, prompt) ? prompt : OTHER;
}

/** Whether a message is an operation that the conventions time: an answer from the client is part of another one. */
export function isOperation(message: Envelope): boolean {
  return message.kind === 'request' || message.kind === 'notification';
}
