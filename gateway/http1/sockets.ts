// Sockets: the connections to one origin, kept alive between requests, and the requests that wait for one.
import type { Socket } from 'node:net';
import type { AnswerHandler, ChannelOwner, QueuePlace } from './channel.ts';
import { Channel } from './channel.ts';
import { HttpFault } from './http-fault.ts';
import type { Request } from './request-bytes.ts';

/** Opens a connection, TLS included, or says why there is none. */
export type Connect = (done: (error: Error | null, socket: Socket | null) => void) => void;

export interface SocketsOptions {
  /** Host and, where it is not the scheme's own, port. */
  readonly host: string;
  readonly connect: Connect;
  readonly maxConnections: number;
  readonly maxBodyBytes: number;
  /** How long an idle connection is used again, in ms, unless the server names a time. */
  readonly keepAliveMs: number;
}

interface Waiting extends QueuePlace {
  readonly request: Request;
  readonly handler: AnswerHandler;
}

/** How much earlier than the server's own time an idle connection is given up, in ms: a request must not meet its end. */
const KEEP_ALIVE_MARGIN_MS = 2000;
const MAX_KEEP_ALIVE_MS = 600_000;
/** How often idle connections are looked at, in ms. */
const SWEEP_MS = 1000;
/** How long an unwanted answer may take to end, in ms. */
const DISCARD_MS = 1000;

/** The connections to one origin. The one used last is used next, so that those too many fall idle. */
export class Sockets implements ChannelOwner {
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly #options: SocketsOptions;
  readonly #channels = new Set<Channel>();
  readonly #free: Channel[] = [];
  readonly #waiting = new Set<Waiting>();
  #connecting = 0;
  #closing = false;
  #whenGone: (() => void) | undefined = undefined;
  #sweeper: NodeJS.Timeout | undefined = undefined;

  constructor(options: SocketsOptions) {
    this.host = options.host;
    this.maxBodyBytes = options.maxBodyBytes;
    this.#options = options;
  }

  get connected(): number {
    return this.#channels.size;
  }

  get free(): number {
    return this.#free.length;
  }

  /** Requests that wait for a connection. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Sends `request` over a connection of its own, at once or when there is one. */
  dispatch(request: Request, handler: AnswerHandler): void {
    if (this.#closing) return handler.onError(new HttpFault('closed', 'The endpoint is no more'));
    const now = performance.now();
    for (let channel = this.#free.pop(); channel !== undefined; channel = this.#free.pop()) {
      if (now - channel.idleSince < this.#idleMs(channel)) return this.#send(channel, request, handler);
      channel.close();
    }
    const full = this.#channels.size >= this.#options.maxConnections;
    const leave = () => {
      this.#waiting.delete(waiting);
      this.#settle();
    };
    const waiting: Waiting = { request, handler, full, leave };
    this.#waiting.add(waiting);
    handler.onQueued(waiting);
    this.#connectIfNeeded();
  }

  /** Takes no new requests, and resolves when those under way and waiting are done. */
  close(): Promise<void> {
    this.#closing = true;
    for (const channel of this.#free.splice(0)) channel.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenGone = resolve;
    this.#settle();
    return promise;
  }

  /** Ends everything at once; whoever waits is told. */
  destroy(): void {
    this.#closing = true;
    const gone = new HttpFault('closed', 'The gateway closed the connection');
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { handler } of waiting) handler.onError(gone);
    for (const channel of [...this.#channels]) channel.break(gone);
  }

  freed(channel: Channel): void {
    const next = this.#nextWaiting();
    if (next !== undefined) return this.#send(channel, next.request, next.handler);
    if (this.#closing || this.#idleMs(channel) <= 0) return channel.close();
    channel.idleSince = performance.now();
    this.#free.push(channel);
  }

  gone(channel: Channel): void {
    this.#channels.delete(channel);
    const at = this.#free.indexOf(channel);
    if (at !== -1) this.#free.splice(at, 1);
    this.#connectIfNeeded();
    this.#settle();
  }

  #send(channel: Channel, request: Request, handler: AnswerHandler): void {
    try {
      channel.send(request, handler);
    } catch (problem) {
      this.freed(channel);
      handler.onError(problem as Error);
    }
  }

  #nextWaiting(): Waiting | undefined {
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      if (!next.handler.isOver) return next;
    }
    return undefined;
  }

  #connectIfNeeded(): void {
    const { maxConnections } = this.#options;
    while (this.#connecting < this.#waiting.size && this.#channels.size + this.#connecting < maxConnections) {
      this.#connecting++;
      this.#options.connect((error, socket) => this.#connected(error, socket));
    }
  }

  #connected(error: Error | null, socket: Socket | null): void {
    this.#connecting--;
    if (socket === null) {
      // Each request that waits has a connection attempt of its own, as far as there may be so many.
      this.#nextWaiting()?.handler.onError(error ?? new HttpFault('closed', 'There is no connection'));
      this.#connectIfNeeded();
      this.#settle();
      return;
    }
    const channel = new Channel(this, socket);
    this.#channels.add(channel);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    this.freed(channel);
  }

  #settle(): void {
    if (this.#channels.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    if (this.#connecting === 0 && this.#waiting.size === 0) this.#whenGone?.();
  }

  #sweep(): void {
    const now = performance.now();
    for (const channel of this.#channels) {
      if (channel.discarding && now - channel.idleSince > DISCARD_MS) channel.close();
    }
    for (const channel of [...this.#free]) {
      if (now - channel.idleSince > this.#idleMs(channel)) channel.close();
    }
  }

  /** How long a channel may be idle; what its server says wins. */
  #idleMs({ idleMs }: Channel): number {
    if (idleMs === undefined) return this.#options.keepAliveMs;
    return Math.min(MAX_KEEP_ALIVE_MS, idleMs - KEEP_ALIVE_MARGIN_MS);
  }
}
