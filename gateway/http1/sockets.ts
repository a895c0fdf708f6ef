// Sockets: the connections to one origin, kept alive between requests, and the requests that wait for one.
import type { Socket } from 'node:net';
import type { AnswerHandler, ConnectionOwner, QueuePlace } from './connection.ts';
import { Connection } from './connection.ts';
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
export const KEEP_ALIVE_MARGIN_MS = 2000;
const MAX_KEEP_ALIVE_MS = 600_000;
/** How often idle connections are looked at, in ms. */
const SWEEP_MS = 1000;
/** How long an unwanted answer may take to end, in ms. */
const DISCARD_MS = 1000;

/** The connections to one origin. The one used last is used next, so that those too many fall idle. */
export class Sockets implements ConnectionOwner {
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly #options: SocketsOptions;
  readonly #connections = new Set<Connection>();
  readonly #free: Connection[] = [];
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
    return this.#connections.size;
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
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      if (now - connection.idleSince < this.#idleMs(connection))
        return this.#send(connection, request, handler);
      connection.close();
    }
    const full = this.#connections.size >= this.#options.maxConnections;
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
    for (const connection of this.#free.splice(0)) connection.close();
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
    for (const connection of [...this.#connections]) connection.break(gone);
  }

  freed(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) return this.#send(connection, next.request, next.handler);
    if (this.#closing || this.#idleMs(connection) <= 0) return connection.close();
    connection.idleSince = performance.now();
    this.#free.push(connection);
  }

  /** When a process dies its connections end one after another: a request that is sent again would meet the next one. */
  broken(): void {
    for (const connection of this.#free.splice(0)) connection.close();
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
    this.#connectIfNeeded();
    this.#settle();
  }

  #send(connection: Connection, request: Request, handler: AnswerHandler): void {
    try {
      connection.send(request, handler);
    } catch (problem) {
      this.freed(connection);
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
    while (
      this.#connecting < this.#waiting.size &&
      this.#connections.size + this.#connecting < maxConnections
    ) {
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
    const connection = new Connection(this, socket);
    this.#connections.add(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    this.freed(connection);
  }

  #settle(): void {
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    if (this.#connecting === 0 && this.#waiting.size === 0) this.#whenGone?.();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      if (connection.discarding && now - connection.idleSince > DISCARD_MS) connection.close();
    }
    for (const connection of [...this.#free]) {
      if (now - connection.idleSince > this.#idleMs(connection)) connection.close();
    }
  }

  /** How long a connection may be idle; what its server says wins. */
  #idleMs({ idleMs }: Connection): number {
    if (idleMs === undefined) return this.#options.keepAliveMs;
    return Math.min(MAX_KEEP_ALIVE_MS, idleMs - KEEP_ALIVE_MARGIN_MS);
  }
}
