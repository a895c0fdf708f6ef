// Reopen: opens an upstream session as a client once did, on its behalf, at whichever endpoint takes it.
import type { Dispatcher } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Method } from '../mcp/methods.ts';
import type { Openings } from './openings.ts';
import { HEARD_MS } from './openings.ts';
import { readMessage, SMALL_BYTES } from './own-reply.ts';
import type { Pool } from './pool.ts';
import { ownRequestHeaders } from './request-headers.ts';

/** Longest time for all of it, in ms: calls wait for it. */
const TIMEOUT_MS = 5000;
/** How long one endpoint alone is waited for, in ms: a hung one is not to use up the time of all. */
const PATIENCE_MS = 1000;
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

/** What a session is opened with. */
export interface ReopenParts {
  readonly pool: Pool;
  /** What was asked for at endpoints of `pool` and may still come. */
  readonly openings: Openings;
  /** For its client. */
  readonly x: Exchange;
  /** The parameters of the client's `initialize`, as JSON. */
  readonly hello: string;
  readonly wishes: Wishes;
  /** Where not to ask. */
  readonly gone: Endpoint | undefined;
}

/**
 * Opens a session. Gives undefined when the time is over before all endpoints could be asked, since they were full; rejects
 * when no endpoint opens one.
 */
export function reopen(parts: ReopenParts): Promise<OpenedSession | undefined> {
  return new Reopening(parts).run();
}

/**
 * Asks one endpoint after the other. One that is slow is waited for on, while the next is asked: it may be hung, or just be one
 * of those that need seconds. The first session that is ready is taken, and all others are ended.
 */
class Reopening {
  readonly #parts: ReopenParts;
  readonly #over = new AbortController();
  #underWay = 0;
  #taken: OpenedSession | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  constructor(parts: ReopenParts) {
    this.#parts = parts;
  }

  async run(): Promise<OpenedSession | undefined> {
    const { pool, x, gone } = this.#parts;
    const tried = gone === undefined ? [] : [gone];
    const timer = setTimeout(() => this.#end(), TIMEOUT_MS);
    try {
      while (this.#taken === undefined && !this.#over.signal.aborted) {
        const isExhausted = pool.isExhausted(x, tried);
        if (isExhausted && this.#underWay === 0) break;
        const endpoint = pool.pick(x, tried);
        if (endpoint !== undefined) {
          tried.push(endpoint);
          this.#begin(endpoint);
        }
        // For room not in the queue of calls: this is for all the calls of the session, and goes on when the first of them is given up.
        await this.#change(endpoint === undefined && !isExhausted ? LOOK_EVERY_MS : PATIENCE_MS);
      }
    } finally {
      clearTimeout(timer);
      this.#over.abort();
    }
    if (this.#taken === undefined && pool.isExhausted(x, tried))
      throw new Error('no endpoint opens a session');
    return this.#taken;
  }

  #begin(endpoint: Endpoint): void {
    const { openings } = this.#parts;
    this.#underWay++;
    const opening = new Opening(this.#parts, endpoint, this.#over.signal).open((session) => {
      this.#taken = session;
      this.#over.abort();
    });
    openings.follow(
      opening
        .catch(() => undefined)
        .then(() => {
          this.#underWay--;
          this.#wake?.();
        }),
    );
  }

  #end(): void {
    this.#over.abort(new Error('opened too late'));
    this.#wake?.();
  }

  /** Resolves when an opening has ended or all the time is over, after `ms` at the latest. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The opening of a session at one endpoint. */
class Opening {
  readonly #parts: ReopenParts;
  readonly #endpoint: Endpoint;
  /** Aborts when nobody waits for it any more. */
  readonly #over: AbortSignal;
  #session: readonly string[] = [];

  constructor(parts: ReopenParts, endpoint: Endpoint, over: AbortSignal) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    this.#over = over;
  }

  /** A session that cannot be given what it needs, or that nobody waits for, is ended: nobody knows of it. */
  async open(take: (session: OpenedSession) => void): Promise<void> {
    try {
      const session = await this.#opened(this.#parts.wishes);
      // With nothing awaited in between: of two that are ready at once, one is taken.
      this.#over.throwIfAborted();
      take(session);
    } catch (error) {
      if (this.#session.length > 0) this.#parts.openings.follow(this.#end());
      throw error;
    }
  }

  async #opened({ level, uris }: Wishes): Promise<OpenedSession> {
    const { hello, x } = this.#parts;
    const heard = AbortSignal.timeout(HEARD_MS);
    const answer = await this.#post(Method.initialize, hello, REQUEST_ID, heard);
    const upstreamId = answer.headers['mcp-session-id'];
    if (typeof upstreamId === 'string') this.#session = ['mcp-session-id', upstreamId];
    const message = await readMessage(answer, REQUEST_ID, SMALL_BYTES);
    const version = message?.result?.['protocolVersion'];
    if (typeof upstreamId !== 'string' || typeof version !== 'string') throw new Error('opened no session');
    this.#session = ['mcp-session-id', upstreamId, 'mcp-protocol-version', version];
    const agreed = x.inbound.protocolVersion;
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
    const answer = await this.#post(method, JSON.stringify(params), id, this.#over);
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
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const parts = [id !== undefined && `"id":${id}`, params !== undefined && `"params":${params}`];
    const rest = parts.filter((part) => part !== false).map((part) => `,${part}`);
    return this.#request('POST', `{"jsonrpc":"2.0","method":"${method}"${rest.join('')}}`, signal);
  }

  #request(
    method: 'POST' | 'DELETE',
    body: string | null,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { pool, x } = this.#parts;
    return pool.ownSockets(this.#endpoint).request({
      path: this.#endpoint.path,
      method,
      headers: ownRequestHeaders(x, pool.headerRules, this.#session),
      body,
      signal,
    });
  }
}
