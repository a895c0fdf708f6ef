// Sockets: connections are used again where that is safe, requests wait for one in turn, and nothing is told twice.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTcp, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { AnswerHandler, Connection, QueuePlace } from '../../gateway/http1/connection.ts';
import { type Connect, Sockets, type SocketsOptions } from '../../gateway/http1/sockets.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A server that gives each request, whole in one packet here, to `answer`. */
async function server(answer: (socket: Socket, request: string, nth: number) => void) {
  const requests: string[] = [];
  let connections = 0;
  const open = new Set<Socket>();
  const listening = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      requests.push(bytes.toString('latin1'));
      answer(socket, bytes.toString('latin1'), requests.length);
    });
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  cleanups.push(() => {
    listening.close();
    for (const socket of open) socket.destroy();
  });
  const { port } = listening.address() as AddressInfo;
  return { port, requests, open, connections: () => connections };
}

function socketsTo(port: number, options: Partial<SocketsOptions> = {}): Sockets {
  const connect: Connect = (done) => {
    const socket = connectTcp(port, '127.0.0.1');
    const failed = (error: Error) => done(error, null);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      done(null, socket);
    });
  };
  const sockets = new Sockets({
    ...{ host: 'upstream.example', connect, maxConnections: 10, maxBodyBytes: 1e6, keepAliveMs: 4000 },
    ...options,
  });
  cleanups.push(() => sockets.destroy());
  return sockets;
}

class Asking implements AnswerHandler {
  isOver = false;
  status = 0;
  body = '';
  connection: Connection | undefined;
  place: QueuePlace | undefined;
  readonly done: Promise<void>;
  #settle: { resolve: () => void; reject: (error: Error) => void };

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }
  onQueued(place: QueuePlace) {
    this.place = place;
  }
  onSent(connection: Connection) {
    this.connection = connection;
  }
  onHead({ status }: { status: number }) {
    this.status = status;
  }
  onBody(bytes: Buffer) {
    this.body += bytes.toString();
  }
  onEnd() {
    this.#settle.resolve();
  }
  onError(error: Error) {
    this.#settle.reject(error);
  }
}

function ask(sockets: Sockets, body = '{}', headers: readonly string[] = []): Asking {
  const asking = new Asking();
  sockets.dispatch({ method: 'POST', path: '/mcp', headers, body: Buffer.from(body) }, asking);
  return asking;
}

function ok(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
}

describe('sockets', () => {
  it('send head and body as they are, and use the connection again', async () => {
    const { port, requests, connections } = await server((socket, _request, nth) =>
      socket.write(ok(`${nth}`)),
    );
    const sockets = socketsTo(port);
    for (const nth of ['1', '2', '3']) {
      const asking = ask(sockets, '{"a":"é"}', ['accept', '*/*']);
      await asking.done;
      expect(asking).toMatchObject({ status: 200, body: nth });
    }
    expect(connections()).toBe(1);
    expect(sockets).toMatchObject({ connected: 1, free: 1, pending: 0 });
    const head = 'POST /mcp HTTP/1.1\r\nhost: upstream.example\r\naccept: */*\r\ncontent-length: 10\r\n\r\n';
    expect(Buffer.from(requests[0] ?? '', 'latin1').toString()).toBe(`${head}{"a":"é"}`);
  });

  it('refuse a header that would begin another one, and lose no connection by it', async () => {
    const { port, connections } = await server((socket) => socket.write(ok('')));
    const sockets = socketsTo(port);
    await ask(sockets).done;
    await expect(ask(sockets, '{}', ['x-a', 'b\r\nx-c: d']).done).rejects.toThrow(TypeError);
    await ask(sockets).done;
    expect(connections()).toBe(1);
  });

  it('have requests wait in turn when all connections are busy', async () => {
    const { port, connections } = await server((socket, request) => socket.write(ok(request.slice(-1))));
    const sockets = socketsTo(port, { maxConnections: 2 });
    const order: string[] = [];
    const asked = [...'abcdefg'].map((name) => {
      const asking = ask(sockets, name);
      return asking.done.then(() => order.push(asking.body));
    });
    await Promise.all(asked);
    expect([...order].sort().join('')).toBe('abcdefg');
    expect(connections()).toBe(2);
  });

  it('never send a request that nobody waits for any more', async () => {
    const { port, requests } = await server((socket) => socket.write(ok('')));
    const sockets = socketsTo(port, { maxConnections: 1 });
    const [first, second, third] = [ask(sockets, 'a'), ask(sockets, 'b'), ask(sockets, 'c')];
    expect(sockets.pending).toBe(3);
    second.place?.leave();
    expect(sockets.pending).toBe(2);
    await Promise.all([first.done, third.done]);
    expect(requests.map((request) => request.slice(-1))).toEqual(['a', 'c']);
  });

  it('say whether a request waits for others or for a connection of its own', async () => {
    const { port } = await server((socket) => setTimeout(() => socket.write(ok('')), 5));
    const sockets = socketsTo(port, { maxConnections: 1 });
    const first = ask(sockets);
    while (sockets.connected === 0) await pause(1);
    const second = ask(sockets);
    expect([first.place?.full, second.place?.full]).toEqual([false, true]);
    await Promise.all([first.done, second.done]);
  });

  it.each([
    ['says so', () => ok('x', 'connection: close\r\n')],
    ['sends more than its answer', () => `${ok('x')}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged`],
    ['gives too little time', () => ok('x', 'keep-alive: timeout=2\r\n')],
  ])('do not use a connection again whose server %s', async (_name, answer) => {
    const { port, connections } = await server((socket) => socket.write(answer()));
    const sockets = socketsTo(port);
    for (let i = 0; i < 3; i++) {
      const asking = ask(sockets);
      await asking.done;
      expect(asking.body).toBe('x');
    }
    expect(connections()).toBe(3);
  });

  it('give up a connection that was idle for too long', async () => {
    const { port, connections } = await server((socket) => socket.write(ok('')));
    const sockets = socketsTo(port, { keepAliveMs: 20 });
    await ask(sockets).done;
    await pause(40);
    await ask(sockets).done;
    expect(connections()).toBe(2);
  });

  it('tell of a connection that ends before the answer does', async () => {
    const { port } = await server((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab'));
    const asking = ask(socketsTo(port));
    await expect(asking.done).rejects.toThrow(/closed/);
    expect(asking).toMatchObject({ status: 200, body: 'ab' });
  });

  it('have not sent what was still held back when its connection ended', async () => {
    const { port, requests } = await server((socket) => socket.write(ok('')));
    const opened: Socket[] = [];
    const connect: Connect = (done) => {
      const socket = connectTcp(port, '127.0.0.1', () => done(null, socket));
      opened.push(socket);
    };
    const sockets = socketsTo(port, { connect });
    const first = ask(sockets);
    await first.done;
    expect(first.connection?.isWritten).toBe(true);
    const second = ask(sockets);
    opened[0]?.destroy(new Error('reset'));
    await expect(second.done).rejects.toThrow('reset');
    expect(second.connection?.isWritten).toBe(false);
    await ask(sockets).done;
    expect(requests).toHaveLength(2);
  });

  it('send nothing over connections that were idle when another one broke', async () => {
    let isWell = false;
    const up = await server((socket, request, nth) => {
      if (isWell || request.endsWith('short')) socket.write(ok(`${nth}`));
    });
    const sockets = socketsTo(up.port);
    const long = ask(sockets, 'long');
    const short = ['short', 'short', 'short'].map((body) => ask(sockets, body));
    await Promise.all(short.map(({ done }) => done));
    expect(sockets).toMatchObject({ connected: 4, free: 3 });
    // It dies and is there again: the ends of its connections arrive one by one.
    for (const socket of up.open) socket.resetAndDestroy();
    isWell = true;
    const again = await long.done.catch(() => ask(sockets, 'again'));
    await again?.done;
    expect(again).toMatchObject({ status: 200, body: '5' });
  });

  it('tell each request when nobody listens', async () => {
    const { port } = await server(() => undefined);
    cleanups.splice(0)[0]?.();
    const sockets = socketsTo(port, { maxConnections: 2 });
    const asked = [ask(sockets), ask(sockets), ask(sockets), ask(sockets)];
    for (const { done } of asked) await expect(done).rejects.toThrow(/ECONNREFUSED/);
    expect(sockets).toMatchObject({ connected: 0, pending: 0 });
  });

  it('read an answer on to its end that nobody wants, and use the connection again', async () => {
    const { port, connections } = await server((socket, _request, nth) => {
      if (nth > 1) return socket.write(ok('next'));
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nab');
      return setTimeout(() => socket.write('cd'), 5);
    });
    const sockets = socketsTo(port, { maxConnections: 1 });
    const asking = ask(sockets);
    const discard = () => asking.connection?.discard(asking);
    Object.assign(asking, { onHead: discard });
    const next = ask(sockets);
    await next.done;
    expect(asking.body).toBe('');
    expect(next.body).toBe('next');
    expect(connections()).toBe(1);
  });

  it('hear nothing from a request whose handler gave up, and connect anew', async () => {
    const { port, connections } = await server((socket, request) => {
      if (request.endsWith('b')) socket.write(ok('late'));
    });
    const sockets = socketsTo(port, { maxConnections: 1 });
    const first = ask(sockets, 'a');
    const second = ask(sockets, 'b');
    while (first.connection === undefined) await pause(1);
    first.connection.abort(first);
    first.connection.abort(second);
    await second.done;
    expect(second.body).toBe('late');
    expect(connections()).toBe(2);
  });

  it('outlive a handler that throws, whose request is the only one to end', async () => {
    const { port } = await server((socket) => socket.write(ok('x')));
    const sockets = socketsTo(port);
    const asking = new Asking();
    const throws = () => {
      throw new Error('a fault of ours');
    };
    Object.assign(asking, { onHead: throws });
    sockets.dispatch({ method: 'GET', path: '/', headers: [], body: null }, asking);
    await expect(asking.done).rejects.toThrow('a fault of ours');
    await ask(sockets).done;
  });

  it('close when the requests that they have are done, and take no more', async () => {
    const { port } = await server((socket) => setTimeout(() => socket.write(ok('done')), 20));
    const sockets = socketsTo(port, { maxConnections: 1 });
    const asked = [ask(sockets), ask(sockets)];
    const closed = sockets.close();
    await expect(ask(sockets).done).rejects.toThrow(/no more/);
    await Promise.all(asked.map(({ done }) => done));
    await closed;
    expect(asked.map(({ body }) => body)).toEqual(['done', 'done']);
    expect(sockets.connected).toBe(0);
  });

  it('refuse an answer that is larger than allowed, whether it says so or not', async () => {
    const { port } = await server((socket, _request, nth) => {
      if (nth === 1) return socket.write(ok('x'.repeat(101)));
      return socket.write(
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}\r\n`,
      );
    });
    const sockets = socketsTo(port, { maxBodyBytes: 100 });
    await expect(ask(sockets).done).rejects.toMatchObject({ kind: 'too_large' });
    await expect(ask(sockets).done).rejects.toMatchObject({ kind: 'too_large' });
  });
});
