// Faults of clients: they leave, stall, send too much or nonsense, and take up connections; nothing of it may last.
import type { Server } from 'node:http';
import { Agent, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpServer } from '../../gateway/server/http-server.ts';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

// Programs that are started take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let up: FaultUpstream;
let gw: TestGateway;

beforeEach(async () => {
  up = await startFaults({ sessions: true });
  gw = await startGateway(
    `limits: { concurrency: 2 }\npools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`,
  );
});

afterEach(async () => {
  await gw.stop(1000);
  await up.close();
});

function call(url: string, tool = 'ok', args: Record<string, unknown> = {}, signal?: AbortSignal) {
  const { body, headers } = modernRequest('tools/call', { name: tool, arguments: args });
  return rawCall(url, body, headers, signal === undefined ? {} : { signal });
}

/** Writes bytes to a connection of its own and resolves with all that comes back. */
async function raw(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(gw.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  return text(socket).catch(() => '');
}

const idle = () =>
  vi.waitFor(async () => expect(await gw.metric('mcp_gateway_endpoint_in_flight')).toBe(0), {
    timeout: 10_000,
  });

describe('a client that leaves', () => {
  it.each([
    ['modern', true],
    ['legacy', false],
  ])('in the middle of a call cancels it if it is %s: %s', async (era, cancels) => {
    const hello = initializeRequest();
    const opened = await rawCall(gw.at(), hello.body, hello.headers);
    const session = String(opened.headers['mcp-session-id']);
    const params = { name: 'slow', arguments: { ms: 300 } };
    const { body, headers } =
      era === 'modern'
        ? modernRequest('tools/call', params)
        : legacyRequest('tools/call', params, 1, session);
    const arrived = up.nextCall();
    const leaving = new AbortController();
    const left = rawCall(gw.at(), body, headers, { signal: leaving.signal }).catch(() => 'left');
    const received = await arrived;
    leaving.abort();
    expect(await left).toBe('left');
    if (cancels) await received.whenAborted;
    await idle();
    expect(received.aborted).toBe(cancels);
  });

  it('while it waits for a slot gives up its place, and the slots come back', async () => {
    const holding = [call(gw.at(), 'slow', { ms: 400 }), call(gw.at(), 'slow', { ms: 400 })];
    await vi.waitFor(() => expect(up.calls().length).toBe(2), { timeout: 10_000 });
    const leaving = new AbortController();
    const waiting = call(gw.at(), 'ok', { nonce: 'gone' }, leaving.signal).catch(() => 'left');
    await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_queue_depth')).toBe(1), {
      timeout: 10_000,
    });
    leaving.abort();
    expect(await waiting).toBe('left');
    await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_queue_depth')).toBe(0), {
      timeout: 10_000,
    });
    await Promise.all(holding);
    expect((await call(gw.at())).status).toBe(200);
    expect(up.nonces()).not.toContain('gone');
    await idle();
  });
});

describe('a client that stalls', () => {
  const started: Server[] = [];
  afterEach(() => {
    for (const server of started.splice(0)) server.close().closeAllConnections();
  });

  it.each([
    ['says nothing', ''],
    ['stops within its headers', 'POST /mcp HTTP/1.1\r\nhost: x\r\n'],
    ['stops within its body', 'POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{'],
  ])('and %s is told 408 or dropped', async (_name, start) => {
    const server = httpServer(undefined, { headersMs: 200, requestMs: 400, quietMs: 1000 });
    started.push(server);
    server.on('request', (req) => req.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(start);
    expect(await text(socket)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });
});

describe('a client that sends too much', () => {
  const head = 'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';

  it('is refused before it has sent it', async () => {
    expect(await raw(`${head}content-length: 5368709120\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const expecting = await raw(`${head}expect: 100-continue\r\ncontent-length: 99999999999\r\n\r\n`);
    expect(expecting).toMatch(/^HTTP\/1\.1 413 /);
    expect(expecting).not.toContain('100 Continue');
  });

  it('is refused when it would not end', async () => {
    const chunk = Buffer.concat([
      Buffer.from('100000\r\n'),
      Buffer.alloc(0x10_00_00, 32),
      Buffer.from('\r\n'),
    ]);
    expect(await raw(`${head}transfer-encoding: chunked\r\n\r\n`, ...Array(6).fill(chunk))).toMatch(
      /^HTTP\/1\.1 413 /,
    );
  });

  it('of headers is refused', async () => {
    expect(await raw(`${head}mcp-session-id: ${'x'.repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('a client that sends nonsense', () => {
  it.each([
    ['no JSON', '{', -32700],
    ['nothing', '', -32700],
    ['a number', '7', -32600],
    ['an empty batch', '[]', -32600],
    [
      'a batch without end',
      `[${Array(10_000).fill('{"jsonrpc":"2.0","method":"ping","id":1}').join(',')}]`,
      -32600,
    ],
    ['depth', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, -32600],
    ['a method twice', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', -32600],
  ])('such as %s gets 400', async (_name, body, code) => {
    const answer = await rawCall(gw.at(), body);
    expect(answer).toMatchObject({ status: 400, json: { error: { code, data: { source: 'gateway' } } } });
    expect(up.calls()).toEqual([]);
  });

  it.each([['g1.00000000.AAAA'], ['x'], ['g1'], ['../../etc/passwd'], ['a'.repeat(5000)]])(
    'such as the session id %s gets 404',
    async (id) => {
      const { body, headers } = legacyRequest('tools/list', {}, 3, id);
      const answer = await rawCall(gw.at(), body, headers);
      expect(answer).toMatchObject({
        status: 404,
        json: { id: 3, error: { data: { reason: 'session_not_found' } } },
      });
    },
  );
});

describe('a client that takes up connections', () => {
  it('and pipelines gets its answers in order', async () => {
    const one = (id: number, ms: number) => {
      const params = { name: 'slow', arguments: { ms } };
      const { body, headers } = modernRequest('tools/call', params, id);
      const bytes = JSON.stringify(body);
      const lines = Object.entries({
        ...headers,
        'content-type': 'application/json',
        'content-length': bytes.length,
      });
      const last = id === 3 ? 'connection: close\r\n' : '';
      return `POST /mcp HTTP/1.1\r\nhost: localhost\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}${last}\r\n${bytes}`;
    };
    const answer = await raw(one(1, 120) + one(2, 1) + one(3, 40));
    expect([...answer.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(['1', '2', '3']);
  });

  it('and does nothing with 500 of them is no burden to others', async () => {
    const { port } = new URL(gw.url);
    const sockets = Array.from({ length: 500 }, () => connect(Number(port), '127.0.0.1'));
    await vi.waitFor(
      async () => expect(await gw.metric('mcp_gateway_client_connections')).toBeGreaterThan(490),
      { timeout: 10_000 },
    );
    expect((await call(gw.at())).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_client_connections')).toBeLessThan(10), {
      timeout: 10_000,
    });
  });

  it('until the process has no file left does not end it; it accepts again when they are let go', async () => {
    const under = ['sh', '-c', 'ulimit -n 96; exec "$@"', 'sh'];
    const small: GatewayProcess = await startGatewayProcess(
      `pools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`,
      { under },
    );
    const agent = new Agent({ keepAlive: true });
    const sockets: Socket[] = [];
    try {
      const first = await rawHealth(small.url, agent);
      expect(first).toBe(200);
      for (let i = 0; i < 150; i++) {
        const socket = connect(Number(new URL(small.url).port), '127.0.0.1');
        socket.on('error', () => undefined);
        sockets.push(socket);
      }
      // The connection that was there before is still served.
      expect(await rawHealth(small.url, agent)).toBe(200);
      for (const socket of sockets) socket.destroy();
      await vi.waitFor(async () => expect((await call(`${small.url}/mcp`)).status).toBe(200), {
        timeout: 10_000,
      });
      expect(small.child.exitCode).toBeNull();
    } finally {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await small.dispose();
    }
  });
});

function rawHealth(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/health`, { agent }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
}
