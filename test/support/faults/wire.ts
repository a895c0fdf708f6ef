// Writes HTTP/1.1 by hand to one connection, so that a reply can be as wrong as a test wants it.
import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One connection as its server writes to it. */
export class Wire {
  readonly #socket: Socket;
  /** Aborts when the connection is closed, by whichever side. */
  readonly gone: AbortSignal;
  /** True once this side has closed. */
  closedHere = false;

  constructor(socket: Socket) {
    const gone = new AbortController();
    this.#socket = socket;
    this.gone = gone.signal;
    socket.once('close', () => gone.abort());
  }

  /** Writes at the pace of the reader; false once the connection is gone. */
  async send(bytes: string | Uint8Array): Promise<boolean> {
    if (this.gone.aborted) return false;
    if (this.#socket.write(bytes)) return true;
    await once(this.#socket, 'drain', { signal: this.gone }).catch(() => undefined);
    return !this.gone.aborted;
  }

  /** Writes a status line and headers. */
  head(status: number, headers: Record<string, string | number> = {}): Promise<boolean> {
    return this.send(head(status, headers));
  }

  /** Writes a whole reply with its length. */
  reply(status: number, headers: Record<string, string>, body: string | Uint8Array): Promise<boolean> {
    const length = Buffer.byteLength(body);
    return this.send(
      Buffer.concat([Buffer.from(head(status, { ...headers, 'content-length': length })), bytes(body)]),
    );
  }

  /** Waits, or less where the connection ends; false once it is gone. */
  async pause(ms: number): Promise<boolean> {
    await delay(ms, undefined, { signal: this.gone }).catch(() => undefined);
    return !this.gone.aborted;
  }

  /** Waits until the connection ends. */
  async untilGone(): Promise<void> {
    if (!this.gone.aborted) await once(this.gone, 'abort');
  }

  /** Closes in the ordinary way, after what was written. */
  fin(): void {
    this.closedHere = true;
    this.#socket.end();
  }

  /** Closes with RST, which also drops what the peer has not read yet. */
  reset(): void {
    this.closedHere = true;
    this.#socket.resetAndDestroy();
  }
}

function head(status: number, headers: Record<string, string | number>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`;
}

function bytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** One chunk of a chunked body (RFC 9112 7.1); an empty text is the last one. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** One SSE event that carries a JSON-RPC message. */
export function sseEvent(data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${data}\n\n`;
}

/** The headers of a JSON reply. */
export const JSON_TYPE = { 'content-type': 'application/json' };

/** The headers of an event stream in chunks. */
export const SSE_TYPE = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'transfer-encoding': 'chunked',
};
