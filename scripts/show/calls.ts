// Calls tools over kept connections, in either era, and says what came back and how long it took.
import { Agent, request } from 'node:http';

/** One answer; `text` is the first content's. */
export interface Said {
  readonly status: number;
  readonly text: string | undefined;
  /** `_meta["mcp-gateway/cache"].status`. */
  readonly cached: string | undefined;
  readonly id: unknown;
  readonly ms: number;
}

export interface Caller {
  readonly url: string;
  readonly key?: string | undefined;
  /** A session of the sessionful era; without it the stateless era is spoken. */
  readonly session?: string | undefined;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Calls a tool. */
export async function callTool(caller: Caller, name: string, args: object, id: number): Promise<Said> {
  const startedAt = performance.now();
  const modern = caller.session === undefined;
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name, arguments: args, ...(modern && { _meta }) };
  const { status, body } = await post(
    caller,
    JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
    {
      'mcp-protocol-version': modern ? '2026-07-28' : '2025-11-25',
      ...(modern
        ? { 'mcp-method': 'tools/call', 'mcp-name': name }
        : { 'mcp-session-id': caller.session as string }),
    },
  );
  const message = JSON.parse(body || '{}') as {
    id?: unknown;
    result?: { content?: { text?: string }[]; _meta?: Record<string, { status?: string }> };
  };
  const { result } = message;
  return {
    status,
    id: message.id,
    text: result?.content?.[0]?.text,
    cached: result?._meta?.['mcp-gateway/cache']?.status,
    ms: performance.now() - startedAt,
  };
}

/** Opens a session of the sessionful era. */
export async function openSession(caller: Caller): Promise<string> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'show', version: '1' },
  };
  const { headers } = await post(
    caller,
    JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
    {},
  );
  return String(headers['mcp-session-id']);
}

/** Closes the kept connections. */
export function closeConnections(): void {
  agent.destroy();
}

function post({ url, key }: Caller, text: string, more: Record<string, string>) {
  return new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        accept: 'application/json, text/event-stream',
        ...(key !== undefined && { 'x-api-key': key }),
        ...more,
      };
      const req = request(url, { method: 'POST', agent, headers }, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            headers: res.headers,
          }),
        );
        res.on('error', reject);
      });
      req.on('error', reject);
      req.end(text);
    },
  );
}

/** Runs `count` tasks, `width` of them at a time. */
export async function atOnce(
  width: number,
  count: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** The value that a share `q` of the sorted values is not above. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
