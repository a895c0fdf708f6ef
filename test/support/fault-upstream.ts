// A scripted upstream: sound until told otherwise, then faulty by name; it remembers every request it received.
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Received } from './faults/received.ts';
import { rawIdOf, readBody, recordOf } from './faults/received.ts';
import type { SoundAnswer, SoundOptions } from './faults/sound-server.ts';
import { soundAnswer } from './faults/sound-server.ts';
import { faultNamed } from './faults/vocabulary.ts';
import { JSON_TYPE, Wire } from './faults/wire.ts';

/** Options of the scripted upstream; `dripMs` is the pace of slow faults. */
export interface FaultUpstreamOptions extends Partial<SoundOptions> {
  port?: number;
  dripMs?: number;
}

/**
 * An upstream whose replies go wrong by name. A fault is taken from, in this order: the queue of `next`, the table
 * of `on`, the called tool's name; where none of them names a fault, the answer is sound.
 */
export class FaultUpstream {
  /** Every request that arrived whole, in order. */
  readonly received: Received[] = [];
  /** Session ids that are alive; a test may delete one. */
  readonly sessions = new Set<string>();
  /** Connections accepted so far, those that were reset at once included. */
  connectionsAccepted = 0;
  /** Requests whose body never arrived whole; they are not in `received`. */
  requestsCutShort = 0;

  /** Holds answers back until its promise resolves. */
  hold: ((request: Received) => Promise<void> | undefined) | undefined = undefined;

  readonly #options: SoundOptions & { dripMs: number };
  readonly #server: Server;
  readonly #wires = new Map<Socket, { wire: Wire; number: number; requests: number }>();
  readonly #queue: string[] = [];
  readonly #table = new Map<string, string>();
  #resetOnAccept = false;
  #resetReused = false;
  #port = 0;

  constructor(options: FaultUpstreamOptions = {}) {
    this.#options = { era: 'dual', sessions: false, name: 'faulty', dripMs: 1000, ...options };
    this.#server = createServer((request) => void this.#answer(request));
    this.#server.prependListener('connection', (socket) => this.#accept(socket));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#wires.size;
  }

  /** The requests of one JSON-RPC method; `tools/call` unless said otherwise. */
  calls(method = 'tools/call'): Received[] {
    return this.received.filter(({ message }) => message?.method === method);
  }

  /** The nonces of all calls, in order of arrival: a nonce that is there twice was executed twice. */
  nonces(): string[] {
    return this.received.flatMap(({ nonce }) => nonce ?? []);
  }

  /** Answers the next calls of `tools/call` with these, one each. */
  next(...faults: string[]): void {
    this.#queue.push(...faults.map(known));
  }

  /** Answers every request of a JSON-RPC method, or of GET or DELETE, with a fault; undefined makes it sound again. */
  on(method: string, fault: string | undefined): void {
    if (fault === undefined) this.#table.delete(method);
    else this.#table.set(method, known(fault));
  }

  /** Becomes a server of another era, as in an upgrade that nobody notices. */
  speak(era: SoundOptions['era']): void {
    this.#options.era = era;
  }

  /** `reset-on-accept`: resets every new connection before it can send a byte. */
  resetOnAccept(on: boolean): void {
    this.#resetOnAccept = on;
  }

  /**
   * `reset-reused`: resets a connection when a second request arrives on it, as an upstream does whose idle timeout
   * fires at that very moment.
   */
  resetReused(on: boolean): void {
    this.#resetReused = on;
  }

  /** Listens, on the port of the last time where there was one. */
  async listen(port = this.#port): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** `refuse`: stops listening and drops every connection, as a killed process does; `listen` undoes it. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { wire } of this.#wires.values()) wire.reset();
    await closed;
  }

  /** Resolves with the next request that arrives and satisfies `wanted`; rejects after `withinMs`. */
  async nextReceived(
    wanted: (request: Received) => boolean = () => true,
    withinMs = 5000,
  ): Promise<Received> {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const [request] = (await once(this.#server, 'received', { signal })) as [Received];
      if (wanted(request)) return request;
    }
  }

  /** Resolves with the next tool call, whatever checks and lists the gateway asks for meanwhile. */
  nextCall(): Promise<Received> {
    return this.nextReceived(({ message }) => message?.method === 'tools/call');
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }

  #accept(socket: Socket): void {
    this.connectionsAccepted++;
    this.#wires.set(socket, { wire: new Wire(socket), number: this.connectionsAccepted, requests: 0 });
    socket.once('close', () => this.#wires.delete(socket));
    socket.on('error', () => undefined);
    if (this.#resetOnAccept) socket.resetAndDestroy();
  }

  async #answer(request: IncomingMessage): Promise<void> {
    const connection = this.#wires.get(request.socket);
    const body = await readBody(request).catch(() => undefined);
    if (connection === undefined || body === undefined) {
      this.requestsCutShort++;
      return;
    }
    const { wire, number } = connection;
    const record = recordOf(request, body, number);
    const isReused = connection.requests++ > 0;
    record.fault = isReused && this.#resetReused ? 'reset-before' : this.#faultFor(record);
    const aborted = Promise.withResolvers<void>();
    record.whenAborted = aborted.promise;
    const onGone = () => {
      record.aborted = !wire.closedHere;
      if (record.aborted) aborted.resolve();
    };
    wire.gone.addEventListener('abort', onGone);
    this.received.push(record);
    this.#server.emit('received', record);
    await this.hold?.(record);
    await this.#reply(record, wire);
    wire.gone.removeEventListener('abort', onGone);
    if (request.headers.connection === 'close') wire.fin();
  }

  #faultFor({ method, message }: Received): string {
    const asked = message?.method ?? method;
    const queued = asked === 'tools/call' ? this.#queue.shift() : undefined;
    const named = message?.params?.name ?? '';
    return queued ?? this.#table.get(asked) ?? (faultNamed(named) ? named : 'ok');
  }

  async #reply(record: Received, wire: Wire): Promise<unknown> {
    const id = rawIdOf(record.body);
    const answer = soundAnswer(record, this.#options, this.sessions);
    const goodReply = answer.result || answer.error ? replyText(id, answer) : '';
    if (record.fault === 'ok') {
      return wire.reply(
        answer.status,
        goodReply === '' ? answer.headers : { ...JSON_TYPE, ...answer.headers },
        goodReply,
      );
    }
    const args = record.message?.params?.arguments ?? {};
    return faultNamed(record.fault)?.({
      wire,
      id,
      args,
      goodReply,
      name: record.fault,
      dripMs: this.#options.dripMs,
    });
  }
}

function known(fault: string): string {
  if (faultNamed(fault) === undefined) throw new Error(`There is no fault named ${fault}`);
  return fault;
}

function replyText(id: string, { result, error }: SoundAnswer): string {
  const outcome =
    error === undefined ? `"result":${JSON.stringify(result)}` : `"error":${JSON.stringify(error)}`;
  return `{"jsonrpc":"2.0","id":${id},${outcome}}`;
}

/** Starts a scripted upstream on 127.0.0.1; port 0 takes any free one. */
export async function startFaults(options: FaultUpstreamOptions = {}): Promise<FaultUpstream> {
  const upstream = new FaultUpstream(options);
  await upstream.listen(options.port ?? 0);
  return upstream;
}
