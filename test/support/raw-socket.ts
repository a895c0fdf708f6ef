// A client that writes bytes of its own choosing to a socket, and reads what comes back.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { parseOrUndefined } from './sse-events.ts';

/** What came back on a connection until it ended, or until a whole answer was there. */
export interface RawReply {
  /** 0 when nothing came. */
  status: number;
  head: string;
  body: string;
  json: unknown;
}

/** A connection to `url`'s port. */
export class RawClient {
  readonly socket: Socket;
  #text = '';
  #ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.#text += chunk;
      socket.emit('news');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      socket.emit('news');
    });
  }

  static async connect(url: string): Promise<RawClient> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Everything that has come so far. */
  get text(): string {
    return this.#text;
  }

  /** Writes bytes; resolves when they are handed over or can no longer be. */
  write(bytes: string | Buffer): Promise<void> {
    return new Promise((done) => this.socket.write(bytes, () => done()));
  }

  /** The next whole answer, by its length or at the connection's end; rejects after five seconds. */
  async reply(): Promise<RawReply> {
    const signal = AbortSignal.timeout(5000);
    for (;;) {
      const found = this.#take();
      if (found !== undefined) return found;
      await once(this.socket, 'news', { signal });
    }
  }

  /** Resolves when the other side has ended the connection; rejects after five seconds. */
  async ended(): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    while (!this.#ended) await once(this.socket, 'news', { signal });
  }

  close(): void {
    this.socket.destroy();
  }

  #take(): RawReply | undefined {
    const split = this.#text.indexOf('\r\n\r\n');
    if (split === -1) return this.#ended ? { status: 0, head: '', body: '', json: undefined } : undefined;
    const head = this.#text.slice(0, split);
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    const end = length === undefined ? this.#text.length : split + 4 + Number(length);
    if (length === undefined ? !this.#ended : this.#text.length < end) return undefined;
    const body = this.#text.slice(split + 4, end);
    this.#text = this.#text.slice(end);
    return { status: Number(head.slice(9, 12)), head, body, json: parseOrUndefined(body) };
  }
}

/** The bytes of a request with these headers; the body's length is said unless they say something of it. */
export function requestBytes(
  line: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Buffer {
  const all: Record<string, string> = { host: 'localhost', ...headers };
  const framed = 'content-length' in all || 'transfer-encoding' in all || !line.startsWith('POST');
  if (!framed) all['content-length'] = String(Buffer.byteLength(body));
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}
