// What the admission shows have in common: callers, figures, and an upstream that counts each client's calls.
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 1000 });

/** A request's outcome: its status, 0 when it broke or was aborted, and how long it took. */
export interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Posts a message; with `abortAfterMs` the caller hangs up after that time. */
export function post(
  url: string,
  body: object,
  headers: Record<string, string>,
  abortAfterMs?: number,
): Promise<Outcome> {
  const startedAt = performance.now();
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    let answer = '';
    const done = (status: number) => resolve({ status, text: answer, ms: performance.now() - startedAt });
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': Buffer.byteLength(text),
        ...headers,
      },
    });
    sent.on('error', () => done(0));
    sent.on('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('error', () => done(0));
      response.on('close', () => done(response.complete ? (response.statusCode ?? 0) : 0));
    });
    sent.end(text);
    if (abortAfterMs !== undefined) setTimeout(() => sent.destroy(), abortAfterMs);
  });
}

/** A tool call of the stateless era by the client with this key. */
export function call(
  url: string,
  key: string,
  name: string,
  args: object = {},
  abortAfterMs?: number,
  progressToken?: string,
): Promise<Outcome> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    ...(progressToken !== undefined && { progressToken }),
  };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta } };
  const headers = {
    'x-api-key': key,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  };
  return post(url, body, headers, abortAfterMs);
}

/** Runs `work` in `callers` loops until `until` says so. */
export async function loop(
  callers: number,
  until: () => boolean,
  work: (i: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, async (_, i) => {
      while (!until()) await work(i);
    }),
  );
}

/** The value that 99 % are not above. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

/** How often each status came. */
export function tally(statuses: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Counts the calls that an upstream works on, all together and by client. */
export class InFlight {
  readonly now = new Map<string, number>();
  readonly most = new Map<string, number>();

  async during<T>(client: string, work: () => Promise<T>): Promise<T> {
    for (const name of [client, 'all']) {
      const count = (this.now.get(name) ?? 0) + 1;
      this.now.set(name, count);
      this.most.set(name, Math.max(count, this.most.get(name) ?? 0));
    }
    try {
      return await work();
    } finally {
      for (const name of [client, 'all']) this.now.set(name, (this.now.get(name) ?? 1) - 1);
    }
  }

  /** The most since the last time it was asked. */
  take(client: string): number {
    const most = this.most.get(client) ?? 0;
    this.most.set(client, this.now.get(client) ?? 0);
    return most;
  }
}

export const MIB = 1024 * 1024;
