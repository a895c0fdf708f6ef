// Bad connections: slow, broken off at any byte, oversized or oddly framed; each is answered or dropped, alone.
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';
import { RawClient, requestBytes } from '../support/raw-socket.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const MAX_BODY = 64 * 1024;
let upstream: ScriptedUpstream;
let gateway: TestGateway;
const clients: RawClient[] = [];

beforeAll(async () => {
  upstream = await startScripted(({ message, method }, response) => {
    if (method !== 'POST') return void response.writeHead(method === 'GET' ? 405 : 200).end();
    if (message?.id === undefined) return void response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"resultType":"complete"}}`);
  });
  gateway = await startGateway(
    { listen: { max_body: '64KiB' }, pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }] },
    { headersMs: 200, requestMs: 400 },
  );
});

/** Whatever the connection was like, the gateway serves others as before. */
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  expect((await rawCall(gateway.url, good.body, good.headers)).status).toBe(200);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function dial(): Promise<RawClient> {
  const client = await RawClient.connect(gateway.url);
  clients.push(client);
  return client;
}

const good = modernRequest('tools/call', { name: 'run', arguments: {} });
const goodBytes = requestBytes(
  'POST /mcp',
  { ...good.headers, 'content-type': 'application/json' },
  JSON.stringify(good.body),
);
const post = (body: unknown, headers: Record<string, string> = {}, target = '/mcp') =>
  requestBytes(
    `POST ${target}`,
    { 'content-type': 'application/json', ...headers },
    typeof body === 'string' ? body : JSON.stringify(body),
  );
const ping = legacyRequest('ping').body;

describe('a client that is slow', () => {
  it('with its headers is told so and dropped', async () => {
    const client = await dial();
    await client.write('POST /mcp HTTP/1.1\r\nhost: loc');
    expect((await client.reply()).status).toBe(408);
    await client.ended();
  });

  it('with its body is dropped in the end, and its call reaches no server', async () => {
    const client = await dial();
    const before = upstream.received.length;
    await client.write(goodBytes.subarray(0, goodBytes.length - 5));
    expect((await client.reply()).status).toBe(408);
    await client.ended();
    expect(upstream.received.length).toBe(before);
  });

  it('byte by byte is served nevertheless', async () => {
    const client = await dial();
    for (const byte of goodBytes) await client.write(Buffer.of(byte));
    expect(await client.reply()).toMatchObject({ status: 200, json: { id: 1 } });
  });
});

describe('a client that goes away', () => {
  it('after any byte of its request leaves nothing behind, and only whole requests reach a server', async () => {
    const before = upstream.received.length;
    for (let sent = 0; sent < goodBytes.length; sent++) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((done) => socket.write(goodBytes.subarray(0, sent), () => done()));
      if (sent % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    await expect.poll(async () => (await gateway.metrics()).get('mcp_gateway_client_connections')).toBe(0);
    expect(upstream.received.length).toBe(before);
  });

  it('after half of its request in good order is answered or dropped', async () => {
    for (const part of [20, goodBytes.length - 1]) {
      const client = await dial();
      await client.write(goodBytes.subarray(0, part));
      client.socket.end();
      expect([0, 400]).toContain((await client.reply()).status);
    }
  });

  it('at any moment of the answer leaves nothing behind', async () => {
    for (let i = 0; i < 30; i++) {
      const client = await dial();
      await client.write(goodBytes);
      for (let turn = 0; turn < i; turn++) await new Promise((done) => setImmediate(done));
      client.socket.resetAndDestroy();
    }
    await expect.poll(async () => (await gateway.metrics()).get('mcp_gateway_client_connections')).toBe(0);
  });
});

const tooLarge = {
  status: 413,
  json: { id: null, error: { data: { source: 'gateway', reason: 'body_too_large' } } },
};

describe('a body that is too large', () => {
  const large = 'x'.repeat(MAX_BODY * 40);

  it('is refused by its announced length, and the client that sends on can read so', async () => {
    const client = await dial();
    const sending = client.write(post(large));
    expect(await client.reply()).toMatchObject(tooLarge);
    await sending;
    await client.ended();
  });

  it('is refused once it is too long where no length was announced', async () => {
    const client = await dial();
    const head = requestBytes('POST /mcp', { 'transfer-encoding': 'chunked' });
    const sending = client.write(
      Buffer.concat([head, Buffer.from(`${large.length.toString(16)}\r\n${large}`)]),
    );
    expect(await client.reply()).toMatchObject(tooLarge);
    await sending;
    await client.ended();
  });

  it('is accepted up to the last byte', async () => {
    const body = JSON.stringify(ping);
    const client = await dial();
    await client.write(post(body.padEnd(MAX_BODY)));
    expect((await client.reply()).status).toBe(200);
    await client.write(post(body.padEnd(MAX_BODY + 1)));
    expect(await client.reply()).toMatchObject(tooLarge);
  });

  it('is refused before it is sent where the client asks first', async () => {
    const client = await dial();
    await client.write(
      requestBytes('POST /mcp', { expect: '100-continue', 'content-length': String(large.length) }),
    );
    expect(await client.reply()).toMatchObject(tooLarge);
  });
});

describe('a request', () => {
  it('that waits for leave to send its body gets it, and its answer', async () => {
    const client = await dial();
    const body = JSON.stringify(ping);
    const expects = { expect: '100-continue', 'content-length': String(body.length) };
    await client.write(requestBytes('POST /mcp', { 'content-type': 'application/json', ...expects }));
    await expect.poll(() => client.text).toContain('100 Continue');
    await client.write(body);
    await expect.poll(() => client.text).toContain('"resultType":"complete"');
  });

  it('with an absolute target is served by the host it names', async () => {
    const client = await dial();
    await client.write(post(ping, { host: 'evil.example' }, 'http://localhost/mcp'));
    expect((await client.reply()).status).toBe(200);
    await client.write(post(ping, { host: 'localhost' }, 'http://evil.example/mcp'));
    expect((await client.reply()).status).toBe(403);
    await client.write(post(ping, {}, 'ftp://localhost/mcp'));
    expect((await client.reply()).status).toBe(404);
  });

  it('that offers an upgrade is served as if it offered none', async () => {
    const client = await dial();
    const offers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    await client.write(post(ping, offers));
    expect(await client.reply()).toMatchObject({ status: 200, json: { id: 1 } });
  });

  it('for a tunnel is refused', async () => {
    const client = await dial();
    await client.write('CONNECT localhost:22 HTTP/1.1\r\nhost: localhost:22\r\n\r\n');
    expect((await client.reply()).status).toBe(405);
    await client.ended();
  });

  it.each([
    ['no host', 'POST /mcp HTTP/1.1\r\ncontent-length: 0\r\n\r\n', 400],
    [
      'two lengths',
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
      400,
    ],
    [
      'a length and chunks',
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a bad chunk', 'POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
    ['a line break alone in a header', 'POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: a\nb: c\r\n\r\n', 400],
    ['headers of 20 KiB', `GET /mcp HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ])('with %s is refused', async (_name, bytes, status) => {
    const client = await dial();
    await client.write(Buffer.from(bytes, 'latin1'));
    expect((await client.reply()).status).toBe(status);
    await client.ended();
  });
});

describe('a connection', () => {
  it('serves one request after the other, whatever the method and the answer', async () => {
    const client = await dial();
    const note = { jsonrpc: '2.0', method: 'notifications/x' };
    for (const [bytes, status] of [
      [post(ping), 200],
      [post(note), 202],
      [requestBytes('GET /mcp', { accept: 'text/event-stream' }), 405],
      [requestBytes('DELETE /mcp', {}), 200],
      [requestBytes('GET /mcp', { 'mcp-session-id': 'unknown' }), 404],
      [requestBytes('DELETE /mcp', { 'mcp-session-id': 'unknown' }), 404],
      [requestBytes('GET /elsewhere', {}), 404],
      [post('no json'), 400],
      [post(ping, {}, '/elsewhere'), 404],
      [post(ping, { origin: 'https://evil.example' }), 403],
      [requestBytes('PUT /mcp', {}), 405],
      [post(ping), 200],
    ] as const) {
      await client.write(bytes);
      const { status: answered, head } = await client.reply();
      expect([answered, /^connection: (.*)$/im.exec(head)?.[1]?.trim()]).toEqual([status, 'keep-alive']);
    }
  });

  it('answers requests that came at once in their order', async () => {
    const client = await dial();
    const ids = [1, 2, 3, 4];
    await client.write(Buffer.concat(ids.map((id) => post(legacyRequest('ping', {}, id).body))));
    for (const id of ids) expect((await client.reply()).json).toMatchObject({ id });
  });
});
