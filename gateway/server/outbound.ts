// Writes replies to clients: whole ones in one go, streams as they come, with the reader's pace going back upstream.
import type { ServerResponse } from 'node:http';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import { headerOf } from '../core/reply.ts';
import { TurnEnd } from '../http1/turn-end.ts';
import type { KeepAlives, QuietStream } from './keep-alives.ts';

/** How long the rest of a refused request is swallowed so that the client can read the answer, in ms. */
const LINGER_MS = 1000;

/** A reply on its way to its client. */
interface Answer {
  readonly x: Exchange;
  readonly res: ServerResponse;
  readonly reply: Reply;
}

/** The way out of one listener. */
export class Outbound {
  /** Each answer closes its connection, so that clients move on. */
  closing = false;
  readonly #keepAlives: KeepAlives;
  readonly #whole = new TurnEnd<Answer>((answer) => this.#send(answer));

  constructor(keepAlives: KeepAlives) {
    this.#keepAlives = keepAlives;
  }

  /** The exchange is closed when the reply's last byte is handed over or nobody is left to read it. */
  deliver(x: Exchange, res: ServerResponse, reply: Reply): void {
    const answer: Answer = { x, res, reply };
    if (isWhole(reply.body)) this.#whole.add(answer);
    else this.#send(answer);
  }

  /** What it throws ends with the exchange. */
  #send({ x, res, reply }: Answer): void {
    try {
      if (this.closing) res.shouldKeepAlive = false;
      if (isWhole(reply.body)) sendWhole(x, res, reply, reply.body);
      else sendStream(x, res, reply, reply.body, this.#keepAlives);
    } catch {
      res.destroy();
      x.cancel(refusal('internal_error'));
      x.close();
    }
  }
}

function isWhole(body: Reply['body']): body is Uint8Array | null {
  return body === null || body instanceof Uint8Array;
}

function sendWhole(x: Exchange, res: ServerResponse, reply: Reply, body: Uint8Array | null): void {
  if (!x.clientGone) {
    reply.headers.push('content-length', String(body?.byteLength ?? 0));
    if (!res.req.complete) res.shouldKeepAlive = false;
    res.writeHead(reply.status, reply.headers);
    if (res.req.complete) end(res, body);
    else linger(res, body);
  }
  x.close();
}

function sendStream(
  x: Exchange,
  res: ServerResponse,
  { status, headers, sse }: Reply,
  body: ByteStream,
  keepAlives: KeepAlives,
): void {
  const writer = new StreamWriter(x, res, body, sse, keepAlives);
  if (!x.clientGone) {
    if (sse) {
      headers.push('x-accel-buffering', 'no');
      if (headerOf(headers, 'cache-control') === undefined)
        headers.push('cache-control', 'no-cache, no-transform');
    }
    res.writeHead(status, headers);
    if (sse) res.flushHeaders();
  }
  body.start(writer);
}

/** Bodies up to this many bytes leave in one piece with their head. */
const ONE_PIECE_BYTES = 16 * 1024;

/**
 * Ends an answer with its body. Node joins head and body where the body is text, and then writes once; in latin1 each byte
 * is a character, so that the bytes stay what they are.
 */
function end(res: ServerResponse, body: Uint8Array | null): void {
  if (body === null) res.end();
  else if (body.byteLength > ONE_PIECE_BYTES) res.end(body);
  else {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    res.end(bytes.toString('latin1'), 'latin1');
  }
}

/**
 * Answers a request whose body is still arriving. Closing at once would reset the connection under the client's writes
 * and could lose the answer on its way, so the rest is swallowed for a moment (as nginx's lingering_close does).
 */
export function linger(res: ServerResponse, body: Uint8Array | null): void {
  const { req } = res;
  if (body !== null) res.write(body);
  const finish = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  req.on('end', finish);
  req.on('close', finish);
  req.resume();
}

class StreamWriter implements Sink, QuietStream {
  lastWriteAt = performance.now();
  slot = -1;
  readonly #x: Exchange;
  readonly #res: ServerResponse;
  readonly #source: ByteStream;
  readonly #sse: boolean;
  readonly #keepAlives: KeepAlives;
  #blocked = false;

  constructor(x: Exchange, res: ServerResponse, source: ByteStream, sse: boolean, keepAlives: KeepAlives) {
    this.#x = x;
    this.#res = res;
    this.#source = source;
    this.#sse = sse;
    this.#keepAlives = keepAlives;
    if (sse) keepAlives.add(this);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#x.clientGone) return true;
    this.lastWriteAt = performance.now();
    if (this.#res.write(chunk)) return true;
    if (!this.#blocked) {
      this.#blocked = true;
      this.#res.once('drain', () => {
        this.#blocked = false;
        this.#source.resume();
      });
    }
    return false;
  }

  end(): void {
    if (!this.#x.clientGone) this.#res.end();
    this.#close();
  }

  fail(why: Refusal): void {
    const owed = this.#sse && !this.#x.replied && this.#x.envelope.id !== undefined;
    if (this.#x.clientGone) this.#close();
    else if (owed || this.#x.stream) {
      if (!this.#source.atBoundary) this.#res.write('\n\n');
      this.#res.write(this.#x.lastEvent(why, owed));
      this.end();
    } else {
      // Headers promised a whole answer: only a broken connection says that there is none.
      this.#res.destroy();
      this.#close();
    }
  }

  comment(): void {
    if (this.#blocked || !this.#source.atBoundary || this.#x.clientGone) return;
    this.lastWriteAt = performance.now();
    this.#res.write(': keep-alive\n\n');
  }

  #close(): void {
    if (this.#sse) this.#keepAlives.delete(this);
    this.#x.close();
  }
}
