// A client's connection, reduced to bytes: it posts, reads one answer, and notices bytes that nobody has asked for.
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** An HTTP answer of known length. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** One request at a time; connects when it has to. */
export class RawConnection {
  /** Bytes that came while nothing was asked, or behind an answer. */
  stray = 0;
  readonly #port: number;
  readonly #host: string;
  #socket: Socket | undefined = undefined;
  #received = '';
  #settle: ((answer: RawAnswer | undefined) => void) | undefined = undefined;

  constructor(port: number) {
    this.#port = port;
    this.#host = `127.0.0.1:${port}`;
  }

  /** Posts JSON; undefined when the connection broke first. `headers`: lines, each with its end. */
  post(body: string, headers: string): Promise<RawAnswer | undefined> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#received = '';
      this.#socket ??= this.#open();
      this.#socket.write(
        `POST /mcp HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: application/json\r\n` +
          `accept: application/json, text/event-stream\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  }

  /** Hangs up, in the middle of whatever there is. */
  hangUp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
    this.#end(undefined);
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    const gone = () => {
      if (this.#socket === socket) this.hangUp();
    };
    socket.on('error', gone).on('end', gone).on('close', gone);
    socket.on('data', (text: string) => {
      if (this.#socket === socket) this.#read(text);
    });
    return socket;
  }

  #read(text: string): void {
    if (this.#settle === undefined) {
      this.stray += text.length;
      return;
    }
    this.#received = this.#received === '' ? text : this.#received + text;
    const received = this.#received;
    const headEnd = received.indexOf('\r\n\r\n') + 4;
    if (headEnd === 3) return;
    const head = received.slice(0, headEnd).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return this.hangUp();
    if (received.length < headEnd + length) return;
    this.stray += received.length - headEnd - length;
    const answer = {
      status: Number(head.slice(9, 12)),
      head: received.slice(0, headEnd),
      body: received.slice(headEnd, headEnd + length),
    };
    this.#end(answer);
    if (head.includes('\r\nconnection: close\r\n')) this.hangUp();
  }

  #end(answer: RawAnswer | undefined): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }
}
