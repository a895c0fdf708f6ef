// Shows that sessions which nobody ends cost nothing: `node scripts/show/session-flood.ts [COUNT]`, a million by default.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { Fleet, metric } from './fleet.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const WARM_CALLS = 20_000;
const CONNECTIONS = 32;
const SAMPLES = 20;
const ALLOWED_MB = 50;

const hello = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'flood', version: '1' },
};
const initialize = message({ method: 'initialize', params: hello });
const call = message({ method: 'tools/call', params: { name: 'work', arguments: {} } });

function message(rest: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, ...rest });
}

/** An MCP server that reads nothing but what tells an `initialize` from a call. */
async function startUpstream(seen: { deleted: number }): Promise<{ url: string; close(): void }> {
  const result = { ...hello, serverInfo: { name: 'flood', version: '1' } };
  const opened = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
  const done = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    result: { content: [{ type: 'text', text: 'done' }] },
  });
  const server = createServer((req, res) => {
    if (req.method === 'DELETE') seen.deleted++;
    const first = Number(req.headers['content-length']) === initialize.length;
    req.resume().on('end', () => {
      const text = first ? opened : done;
      res.writeHead(200, {
        'content-type': 'application/json',
        'content-length': text.length,
        ...(first && { 'mcp-session-id': randomUUID() }),
      });
      res.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, close };
}

/** A kept connection that posts one message after another. */
class Caller {
  readonly #socket;
  #received = '';
  #answered: (answer: string) => void = () => {};

  constructor(url: string) {
    this.#socket = connect(Number(new URL(url).port), '127.0.0.1')
      .setNoDelay()
      .setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#received += text;
      const head = this.#received.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, head + 2))?.[1];
      if (head < 0 || this.#received.length < head + 4 + Number(length)) return;
      const answer = this.#received;
      this.#received = '';
      this.#answered(answer);
    });
  }

  /** Resolves with head and body of the answer. */
  post(body: string, session?: string): Promise<string> {
    const named =
      session === undefined ? '' : `mcp-session-id: ${session}\r\nmcp-protocol-version: 2025-11-25\r\n`;
    this.#socket.write(
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n${named}content-length: ${body.length}\r\n\r\n${body}`,
    );
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Posts `count` messages over all connections; the statuses that came. */
async function flood(callers: readonly Caller[], count: number, post: (caller: Caller) => Promise<string>) {
  const statuses: Record<string, number> = {};
  let left = count;
  const lane = async (caller: Caller) => {
    while (left-- > 0) {
      const status = (await post(caller)).slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(callers.map(lane));
  return statuses;
}

const fleet = new Fleet();
const seen = { deleted: 0 };
const upstream = await startUpstream(seen);
try {
  const gateway = await fleet.gateway(upstream.url, {}, { limits: { concurrency: 100 } });
  const rssMb = () =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1000;
  const callers = Array.from({ length: CONNECTIONS }, () => new Caller(gateway.url));
  const fresh = rssMb();
  const session = /\r\nmcp-session-id: *(\S+)/i.exec(await (callers[0] as Caller).post(initialize))?.[1];
  const warmed = await flood(callers, WARM_CALLS, (caller) => caller.post(call, session));
  const start = rssMb();
  console.log(
    `${WARM_CALLS} ordinary calls to warm up ${JSON.stringify(warmed)}: RSS ${fresh.toFixed(0)} -> ${start.toFixed(0)} MB`,
  );
  const startedAt = performance.now();
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const statuses = await flood(callers, COUNT / SAMPLES, (caller) => caller.post(initialize));
    samples.push(rssMb());
    console.log(`${((i + 1) * COUNT) / SAMPLES} ${JSON.stringify(statuses)}: ${rssMb().toFixed(0)} MB`);
  }
  const plateau = Math.max(...samples.slice(SAMPLES / 2));
  console.log(
    JSON.stringify({
      initializes: COUNT,
      seconds: Math.round((performance.now() - startedAt) / 1000),
      start_mb: Math.round(start),
      /** The most of the second half. */
      plateau_mb: Math.round(plateau),
      plateau_minus_start_mb: Math.round(plateau - start),
      allowed_mb: ALLOWED_MB,
      sessions_held: await metric(gateway.adminUrl, 'mcp_gateway_sessions{'),
      deleted_upstream: seen.deleted,
    }),
  );
  process.exitCode = plateau - start <= ALLOWED_MB ? 0 : 1;
  for (const caller of callers) caller.close();
} finally {
  upstream.close();
  await fleet.close();
}
