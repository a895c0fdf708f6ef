// Request bodies over real connections: whole whatever their pieces, within their bound, and in one buffer of their size.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Exchange } from '../../gateway/core/exchange.ts';
import type { Refusal } from '../../gateway/core/refusal.ts';
import { readBody } from '../../gateway/server/body.ts';
import { makeExchange } from '../core/make-exchange.ts';

const HEAD = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';

/** What `readBody` makes of a request with these bytes behind its head; `taken` is given all that it tells its meter. */
async function read(
  bytes: string,
  maxBytes: number,
  { cut = false, head = HEAD, taken = [] }: { cut?: boolean; head?: string; taken?: number[] } = {},
): Promise<Buffer | Refusal> {
  const { promise, resolve } = Promise.withResolvers<Buffer | Refusal>();
  const server = createServer((req, res) => {
    const x = makeExchange(undefined, { contentLength: req.headers['content-length'] });
    const take = (_x: Exchange, bytes: number) => {
      taken.push(bytes);
      return undefined;
    };
    void readBody(req, x, maxBytes, { take }).then((body) => {
      resolve(body);
      res.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  socket.write(head + bytes, () => cut && socket.destroy());
  return promise;
}

describe('a request body', () => {
  it.each([
    ['in one chunk', `5\r\nhello\r\n0\r\n\r\n`, 'hello'],
    ['in two', `2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 'hello'],
    ['in none', '0\r\n\r\n', ''],
  ])('%s is read whole', async (_name, bytes, body) => {
    expect(String(await read(bytes, 100))).toBe(body);
  });

  it('in chunks of one byte takes a buffer of its own size, not one for each', async () => {
    const body = await read(`${'1\r\na\r\n'.repeat(50_000)}0\r\n\r\n`, 60_000);
    if (!Buffer.isBuffer(body)) throw new Error('refused');
    expect(body.equals(Buffer.alloc(50_000, 'a'))).toBe(true);
    expect(body.buffer.byteLength).toBeLessThanOrEqual(131_072);
  });

  it('tells what it takes, unless it comes whole with its head', async () => {
    const head = (bytes: number) => `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${bytes}\r\n\r\n`;
    const small: number[] = [];
    await read('hello', 100, { head: head(5), taken: small });
    expect(small).toEqual([]);
    const large: number[] = [];
    const body = await read('a'.repeat(500_000), 1_000_000, { head: head(500_000), taken: large });
    if (!Buffer.isBuffer(body)) throw new Error('refused');
    expect(large.reduce((sum, bytes) => sum + bytes, 0)).toBe(body.buffer.byteLength);
    expect(body.buffer.byteLength).toBe(500_000);
  });

  it('that goes over its bound is refused before it ends', async () => {
    expect(await read(`${'1\r\na\r\n'.repeat(101)}`, 100)).toMatchObject({ reason: 'body_too_large' });
  });

  it('that breaks off is refused', async () => {
    expect(await read('5\r\nhe', 100, { cut: true })).toMatchObject({ reason: 'bad_request' });
  });
});
