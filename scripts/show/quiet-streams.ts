// Event streams on which the upstream says nothing: whether any is cut, all are kept alive, and memory stays flat.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent } from 'undici';
import { SessionClient } from '../chaos/session-client.ts';
import { Fleet, metric } from './fleet.ts';

const STREAMS = 200;
const READING_MS = 30_000;
/** Silence between two comments is at most 15 s and the third of it after which the gateway looks again. */
const COMMENT_EVERY_MS = 20_000;
/** What memory may have grown by between the first reading and the last. */
const FLAT_BYTES = 10 * 1024 * 1024;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

interface Stream {
  comments: number;
  cut: boolean;
}

/** An MCP server that opens every stream and never says a word on it. */
async function startSilent(): Promise<{ url: string; close(): void }> {
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (req.method === 'GET' || body.includes('subscriptions/listen')) {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return;
    }
    const { id } = JSON.parse(body || '{}') as { id?: unknown };
    res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': crypto.randomUUID() });
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 'silent', version: '1' },
    };
    res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  };
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, close };
}

async function openStream(
  agent: Agent,
  url: string,
  session: string | undefined,
  id: number,
): Promise<Stream> {
  const listen = {
    jsonrpc: '2.0',
    id,
    method: 'subscriptions/listen',
    params: { notifications: {}, _meta: META },
  };
  const { origin, pathname } = new URL(url);
  const { statusCode, body } = await agent.request({
    origin,
    path: pathname,
    bodyTimeout: 0,
    ...(session === undefined
      ? {
          method: 'POST' as const,
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2026-07-28',
            'mcp-method': 'subscriptions/listen',
          },
          body: JSON.stringify(listen),
        }
      : { method: 'GET' as const, headers: { accept: 'text/event-stream', 'mcp-session-id': session } }),
  });
  if (statusCode !== 200) throw new Error(`a stream was answered ${statusCode}`);
  const stream = { comments: 0, cut: false };
  body.on('data', (chunk: Buffer) => {
    stream.comments += chunk.toString('latin1').split(': keep-alive\n\n').length - 1;
  });
  body.on('error', () => undefined);
  body.once('close', () => {
    stream.cut = true;
  });
  return stream;
}

/** Holds the streams for so many minutes and prints what came of them; false when one was cut, or memory grew. */
async function hold(minutes: number): Promise<boolean> {
  const silent = await startSilent();
  const fleet = new Fleet();
  const agent = new Agent({ connections: null });
  try {
    const limits = { streams_per_client: STREAMS, concurrency: STREAMS };
    const gateway = await fleet.gateway(silent.url, {}, { limits });
    const streams: Stream[] = [];
    for (let i = 0; i < STREAMS; i++) {
      const client = new SessionClient(Number(new URL(gateway.url).port), agent, `s${i}`);
      if (i % 2 === 0 && !(await client.open())) throw new Error('a session could not be opened');
      streams.push(await openStream(agent, gateway.url, i % 2 === 0 ? client.id : undefined, i));
    }
    console.log(`${STREAMS} streams are open: half GET, half subscriptions/listen`);
    const readings: number[] = [];
    const begun = performance.now();
    while (performance.now() - begun < minutes * 60_000) {
      await pause(READING_MS);
      const rss = await metric(gateway.adminUrl, 'process_resident_memory_bytes');
      const open = await metric(gateway.adminUrl, 'mcp_gateway_streams');
      readings.push(rss);
      const least = Math.min(...streams.map(({ comments }) => comments));
      const seconds = Math.round((performance.now() - begun) / 1000);
      console.log(
        `${seconds} s: ${open} open, RSS ${(rss / 2 ** 20).toFixed(1)} MiB, comments at least ${least}`,
      );
    }
    const cut = streams.filter((stream) => stream.cut).length;
    const wanted = Math.floor((minutes * 60_000) / COMMENT_EVERY_MS) - 1;
    const quiet = streams.filter(({ comments }) => comments < wanted).length;
    const grown = (readings.at(-1) ?? 0) - (readings[0] ?? 0);
    console.log(
      `cut: ${cut}; with fewer than ${wanted} comments: ${quiet}; RSS ${(grown / 2 ** 20).toFixed(1)} MiB up`,
    );
    return cut === 0 && quiet === 0 && grown < FLAT_BYTES;
  } finally {
    await agent.destroy();
    await fleet.close();
    silent.close();
  }
}

if (import.meta.main) process.exitCode = (await hold(Number(process.argv[2] ?? 5))) ? 0 : 1;
