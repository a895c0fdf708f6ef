// Connections to an upstream, with at most one request on each at a time.
import type { Socket } from 'node:net';
import type { AnswerHead } from './answer-head.ts';
import type { AnswerEvents } from './answer-parser.ts';
import { AnswerParser } from './answer-parser.ts';
import { HttpFault } from './http-fault.ts';
import type { Request } from './request-bytes.ts';
import { requestBytes } from './request-bytes.ts';
import { TurnEnd } from './turn-end.ts';

/** A request's place among those that wait for a connection. */
export interface QueuePlace {
  /** It waits for one that others use, since there may be no more: no fault of the server's. */
  readonly full: boolean;
  /** Nobody waits for the request any more. */
  leave(): void;
}

/** Who asked. Everything is told in this order, `onError` at any time and as the last. */
export interface AnswerHandler {
  /** Nobody waits for the answer any more; a request that has not been sent then never is. */
  readonly isOver: boolean;
  /** The request waits for a connection. */
  onQueued(place: QueuePlace): void;
  /** The request is on its way: once the connection says that it is written, the upstream may have seen it. */
  onSent(connection: Connection): void;
  /** Never for interim answers. */
  onHead(head: AnswerHead): void;
  /** The bytes are the handler's own. More of them may come after a `pause`. */
  onBody(bytes: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Who keeps the connection. */
export interface ConnectionOwner {
  readonly host: string;
  /** Bytes that an answer's body may have. */
  readonly maxBodyBytes: number;
  /** The connection can take another request. */
  freed(connection: Connection): void;
  /** A connection has ended under a request: what has become of the others may not have been read yet. */
  broken(): void;
  gone(connection: Connection): void;
}

/** An unwanted body up to this size is read so that its connection can be used again; a longer one costs the connection. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** Connections whose requests leave together. */
const corked = new TurnEnd<Socket>((socket) => socket.uncork());

/** One connection. `pause`, `resume`, `abort` and `discard` are the handler's while its request is on it. */
export class Connection implements AnswerEvents {
  /** Since when it has had nothing to do, or only swallows what nobody wants: monotonic ms. */
  idleSince = 0;
  /** How long the server keeps it while idle, in ms, as it said last. */
  idleMs: number | undefined = undefined;
  /** An unwanted answer is being read to its end. */
  discarding = false;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser: AnswerParser;
  #handler: AnswerHandler | undefined = undefined;
  #keepsAlive = true;
  #bodyBytes = 0;
  #closed = false;

  constructor(owner: ConnectionOwner, socket: Socket) {
    this.#owner = owner;
    this.#socket = socket;
    this.#parser = new AnswerParser(this);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('end', () => this.#onEof());
    socket.on('error', (error) => this.#ended(error));
    socket.on('close', () => this.#ended(new HttpFault('closed', 'The peer closed the connection')));
  }

  /** Sends `request`; throws, and sends nothing, where it cannot be written. */
  send(request: Request, handler: AnswerHandler): void {
    const pieces = requestBytes(request, this.#owner.host);
    this.#handler = handler;
    this.#bodyBytes = 0;
    this.#parser.expect();
    handler.onSent(this);
    if (this.#handler !== handler) return;
    // What was written to it in this turn already is still held back, and this goes with it.
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      corked.add(this.#socket);
    }
    for (const piece of pieces) this.#socket.write(piece);
  }

  /** Its request has left this process; until the end of the turn in which it is sent it is held back. */
  get isWritten(): boolean {
    return this.#socket.writableCorked === 0;
  }

  /** The answer is held up by whoever is to have it. */
  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  pause(handler: AnswerHandler): void {
    if (this.#handler === handler) this.#socket.pause();
  }

  resume(handler: AnswerHandler): void {
    if (this.#handler === handler) this.#socket.resume();
  }

  /** Gives the answer up, and the connection with it; the handler hears no more. */
  abort(handler: AnswerHandler): void {
    if (this.#handler === handler) this.close();
  }

  /** Wants nothing more of an answer whose head has come; the connection may live on. */
  discard(handler: AnswerHandler): void {
    if (this.#handler !== handler) return;
    this.#handler = undefined;
    this.discarding = true;
    this.idleSince = performance.now();
    this.#bodyBytes = 0;
    this.#socket.resume();
  }

  /** Closes at once, without a word to whoever waits. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler = undefined;
    this.#parser.stop();
    this.#socket.destroy();
    this.#owner.gone(this);
  }

  onHead(head: AnswerHead): void {
    if (head.status < 200) return;
    this.#keepsAlive = head.keepsAlive;
    this.idleMs = head.idleMs;
    if (typeof head.framing === 'number' && head.framing > this.#owner.maxBodyBytes) this.break(tooLarge());
    else this.#handler?.onHead(head);
  }

  onBody(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    if (this.discarding) {
      if (this.#bodyBytes > MAX_DISCARDED_BYTES) this.close();
    } else if (this.#bodyBytes > this.#owner.maxBodyBytes) this.break(tooLarge());
    else this.#handler?.onBody(bytes);
  }

  onEnd(surplus: boolean): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.discarding = false;
    // An answer that came before the request was out leaves the rest of it in the way of the next one.
    if (surplus || !this.#keepsAlive || this.#socket.writableLength > 0) this.close();
    else {
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.freed(this);
    }
    try {
      handler?.onEnd();
    } catch (problem) {
      handler?.onError(problem as Error);
    }
  }

  /** Closes at once; whoever waits hears `error`. */
  break(error: Error): void {
    const handler = this.#handler;
    this.close();
    handler?.onError(error);
  }

  /** The other side has ended it, or the network. */
  #ended(error: Error): void {
    if (this.#handler !== undefined) this.#owner.broken();
    this.break(error);
  }

  /** Whatever goes wrong with an answer, a fault of ours included, is the end of that answer and of nothing else. */
  #onData(bytes: Buffer): void {
    try {
      this.#parser.push(bytes);
    } catch (problem) {
      this.break(problem as Error);
    }
  }

  #onEof(): void {
    try {
      this.#keepsAlive = false;
      this.#parser.finish();
      this.close();
    } catch (problem) {
      this.#ended(problem as Error);
    }
  }
}

function tooLarge(): HttpFault {
  return new HttpFault('too_large', 'The answer is larger than allowed');
}
