// Reopen: opens an upstream session as a client once did, on its behalf, at whichever endpoint takes it.
import { setTimeout as pause } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Method } from '../mcp/methods.ts';
import { readMessage, SMALL_BYTES } from './own-reply.ts';
import type { Pool } from './pool.ts';
import { ownRequestHeaders } from './request-headers.ts';

/** Longest time for all of it, in ms: calls wait for it. */
const TIMEOUT_MS = 5000;
/** How often room is looked for while all endpoints are full, in ms. */
const LOOK_EVERY_MS = 20;
/** A request id that no client uses: ids of different sessions cannot meet, but logs can. */
const REQUEST_ID = 0;

/** What the new session is given of the old one. */
export interface Wishes {
  readonly level?: string;
  readonly uris: ReadonlySet<string>;
}

/** A session at an endpoint, with the capabilities that its server declared. */
export interface OpenedSession {
  readonly endpointId: string;
  readonly upstreamId: string;
  readonly capabilities: unknown;
}

/**
 * Opens a session with the parameters `hello` (JSON) for the client of `x`. Gives undefined when all endpoints that could were
 * full all the time; rejects when no endpoint of `pool` opens one.
 */
export async function reopen(
  pool: Pool,
  x: Exchange,
  hello: string,
  wishes: Wishes,
  gone: Endpoint | undefined,
): Promise<OpenedSession | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const tried = gone === undefined ? [] : [gone];
  for (;;) {
    const endpoint = pool.pick(x, tried);
    if (endpoint === undefined) {
      if (pool.isExhausted(tried)) throw new Error('no endpoint opens a session');
      if (signal.aborted) return undefined;
      // Not in the queue of calls: it is for all the calls of the session, and goes on when the first of them is given up.
      await pause(LOOK_EVERY_MS);
      continue;
    }
    try {
      return await new Opening(pool, x, endpoint, signal).open(hello, wishes);
    } catch (error) {
      signal.throwIfAborted();
      tried.push(endpoint);
      if (tried.length > pool.endpoints.length) throw error;
    }
  }
}

class Opening {
  readonly #pool: Pool;
  readonly #x: Exchange;
  readonly #endpoint: Endpoint;
  readonly #signal: AbortSignal;
  #session: readonly string[] = [];

  constructor(pool: Pool, x: Exchange, endpoint: Endpoint, signal: AbortSignal) {
    this.#pool = pool;
    this.#x = x;
    this.#endpoint = endpoint;
    this.#signal = signal;
  }

  /** A session that cannot be given what it needs is ended: nobody knows of it. */
  async open(hello: string, wishes: Wishes): Promise<OpenedSession> {
    try {
      return await this.#opened(hello, wishes);
    } catch (error) {
      if (this.#session.length > 0) void this.#end().catch(() => undefined);
      throw error;
    }
  }

  async #opened(hello: string, { level, uris }: Wishes): Promise<OpenedSession> {
    const answer = await this.#post(Method.initialize, hello, REQUEST_ID);
    const upstreamId = answer.headers['mcp-session-id'];
    if (typeof upstreamId === 'string') this.#session = ['mcp-session-id', upstreamId];
    const message = await readMessage(answer, REQUEST_ID, SMALL_BYTES);
    const version = message?.result?.['protocolVersion'];
    if (typeof upstreamId !== 'string' || typeof version !== 'string') throw new Error('opened no session');
    this.#session = ['mcp-session-id', upstreamId, 'mcp-protocol-version', version];
    const agreed = this.#x.inbound.protocolVersion;
    // The client goes on in the revision that it once agreed on, which this server may not speak.
    if (agreed !== undefined && agreed !== version) throw new Error(`speaks ${version} and not ${agreed}`);
    await this.#tell(Method.initialized, undefined, undefined);
    if (level !== undefined) await this.#tell(Method.setLevel, { level }, REQUEST_ID);
    for (const uri of uris) await this.#tell(Method.subscribe, { uri }, REQUEST_ID);
    const { id: endpointId } = this.#endpoint;
    return { endpointId, upstreamId, capabilities: message?.result?.['capabilities'] };
  }

  async #tell(
    method: string,
    params: Record<string, string> | undefined,
    id: number | undefined,
  ): Promise<void> {
    const answer = await this.#post(method, JSON.stringify(params), id);
    await readMessage(answer, id, SMALL_BYTES);
    if (answer.statusCode >= 300) throw new Error(`answered ${answer.statusCode} to ${method}`);
  }

  /** With a time of its own: that of the opening may be over. */
  async #end(): Promise<void> {
    const { body } = await this.#request('DELETE', null, AbortSignal.timeout(TIMEOUT_MS));
    await body.dump();
  }

  #post(
    method: string,
    params: string | undefined,
    id: number | undefined,
  ): Promise<Dispatcher.ResponseData> {
    const parts = [id !== undefined && `"id":${id}`, params !== undefined && `"params":${params}`];
    const rest = parts.filter((part) => part !== false).map((part) => `,${part}`);
    return this.#request('POST', `{"jsonrpc":"2.0","method":"${method}"${rest.join('')}}`);
  }

  #request(
    method: 'POST' | 'DELETE',
    body: string | null,
    signal = this.#signal,
  ): Promise<Dispatcher.ResponseData> {
    return this.#pool.ownSockets(this.#endpoint).request({
      path: this.#endpoint.path,
      method,
      headers: ownRequestHeaders(this.#x, this.#pool.headerRules, this.#session),
      body,
      signal,
    });
  }
}
