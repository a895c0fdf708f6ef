// The gateway's own conversation with one endpoint: for what it asks itself, such as tool lists and health.
import type { Dispatcher } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';
import { ErrorCode } from '../mcp/error-codes.ts';
import { Method } from '../mcp/methods.ts';
import { HEARD_MS, Openings } from './openings.ts';
import type { OwnAnswer } from './own-reply.ts';
import { LIST_BYTES, readMessage, SMALL_BYTES, UnfitAnswer } from './own-reply.ts';
import {
  enveloped,
  hello,
  revisionHeader,
  saysNothing,
  saysStateless,
  statelessHeaders,
} from './own-request.ts';
import type { Pool } from './pool.ts';
import { isEventStream } from './reply-headers.ts';

/**
 * Speaks the endpoint's era. Unless it is configured it is found at the first request: the stateless form is tried first, and
 * what no stateless server would say means a sessionful one (MCP 2026-07-28, versioning, "Detection"). A legacy session is opened once, opened
 * again when the server has forgotten it, and ended by `close`, so that no session of ours piles up upstream.
 */
export class OwnClient {
  readonly #pool: Pool;
  readonly #endpoint: Endpoint;
  readonly #configured: boolean | undefined;
  #stateless: boolean | undefined;
  #session: string | undefined = undefined;
  #revision: readonly string[] = [];
  #opened = false;
  #closed = false;
  readonly #openings = new Openings();
  #nextId = 1;

  /** `stateless`: the era to speak; undefined to find it. */
  constructor(
    pool: Pool,
    endpoint: Endpoint,
    { stateless }: { readonly stateless: boolean | undefined } = pool.settings,
  ) {
    this.#pool = pool;
    this.#endpoint = endpoint;
    this.#configured = stateless;
    this.#stateless = stateless;
  }

  /** Whether the server has given a session that later requests must name. */
  get hasSession(): boolean {
    return this.#session !== undefined;
  }

  /** Whether the endpoint is spoken to in the stateless era; undefined until that is found. */
  get stateless(): boolean | undefined {
    return this.#stateless;
  }

  /** Sends a request; rejects when the endpoint does not answer within `timeoutMs`, or not in MCP. */
  async request(method: string, params: Record<string, unknown>, timeoutMs: number): Promise<OwnAnswer> {
    const signal = AbortSignal.timeout(timeoutMs);
    if (this.#stateless === undefined) {
      const answer = await this.#findEra(signal);
      if (this.#stateless === undefined) return answer;
    }
    if (this.#stateless) return this.#post(method, enveloped(params), statelessHeaders(method), signal);
    return this.#inSession(method, params, signal);
  }

  /**
   * Asks whether the endpoint is there, with what its era has for that; the era is found anew when the answer does not
   * fit it, since another server may have taken the place. A configured era stays. Rejects also when `ended` aborts.
   */
  async ping(timeoutMs: number, ended?: AbortSignal): Promise<OwnAnswer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = ended === undefined ? timeout : AbortSignal.any([timeout, ended]);
    if (this.#stateless !== false) {
      const answer = await this.#findEra(signal);
      if (this.stateless !== false) return answer;
    }
    let fits = false;
    try {
      const answer = await this.#inSession(Method.ping, {}, signal);
      fits = answer.status < 400 || saysNothing(answer.status);
      return answer;
    } finally {
      if (!fits && !signal.aborted) this.#forget();
    }
  }

  /** The next `ping` finds the era anew, if it is not configured: another server may have taken the place unseen. */
  doubt(): void {
    this.#stateless = this.#configured;
  }

  /**
   * Opens the stream on which the server speaks unasked, and ends it at once: `open` when its head came while nothing
   * had been said yet, `held` when it did not come (something on the way buffers it), `none` when there is no such stream.
   * After a first `request` only.
   */
  async probeStream(timeoutMs: number): Promise<'open' | 'held' | 'none'> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const { statusCode, headers, body } = await this.openStream({ toolsListChanged: true }, signal);
      body.on('error', () => undefined).destroy();
      return statusCode === 200 && isEventStream(String(headers['content-type'])) ? 'open' : 'none';
    } catch (error) {
      if (signal.aborted) return 'held';
      throw error;
    }
  }

  /** Opens the stream of what `notifications` names, or the session's own stream. After a first `request` only. */
  openStream(notifications: Record<string, boolean>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const params = enveloped({ notifications });
    const listen = { jsonrpc: '2.0', id: this.#nextId++, method: Method.listen, params };
    return this.#sockets.request({
      path: this.#endpoint.path,
      ...(this.#stateless ? { method: 'POST', body: JSON.stringify(listen) } : { method: 'GET', body: null }),
      headers: this.#headers(
        this.#stateless
          ? ['content-type', 'application/json', ...statelessHeaders(Method.listen)]
          : this.#sessionHeaders(),
      ),
      signal,
    });
  }

  /**
   * Ends the session, if there is one, and the one that is being opened. Takes two seconds at most, and that only of a server
   * that does not answer: one that answers its checks too late may still do it.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) this.#openings.follow(this.#end(session));
    await this.#openings.over();
  }

  async #end(session: string): Promise<void> {
    const { body } = await this.#sockets.request({
      path: this.#endpoint.path,
      method: 'DELETE',
      headers: this.#headers(['mcp-session-id', session, ...this.#revision]),
      signal: AbortSignal.timeout(2000),
    });
    await body.dump();
  }

  get #sockets() {
    return this.#pool.ownSockets(this.#endpoint);
  }

  /** Begins anew. A session that the server has not called unknown may still be there. */
  #forget(): void {
    if (this.#session !== undefined) this.#openings.follow(this.#end(this.#session));
    this.#stateless = this.#configured;
    this.#opened = false;
    this.#session = undefined;
  }

  async #findEra(signal: AbortSignal): Promise<OwnAnswer> {
    const headers = statelessHeaders(Method.discover);
    const answer = await this.#post(Method.discover, enveloped({}), headers, signal);
    // Some servers open a session for whatever comes without one, even if they refuse it.
    if (answer.session !== undefined) this.#openings.follow(this.#end(answer.session));
    if (this.#configured !== undefined) return answer;
    const says = saysStateless(answer.result);
    if (says !== undefined) this.#stateless = says;
    // A server that is down or wants a credential has said nothing about its era.
    else if (answer.status >= 500) throw new UnfitAnswer(Method.discover, answer.status);
    else if (!saysNothing(answer.status)) this.#stateless = false;
    return answer;
  }

  /** Sends a request in the session; in another one when the server has forgotten it, which is what 404 says. */
  async #inSession(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<OwnAnswer> {
    const answer = await this.#postInSession(method, params, signal);
    // A server that has the session, but not the method, says so.
    if (answer.status !== 404 || answer.errorCode === ErrorCode.methodNotFound) return answer;
    this.#opened = false;
    this.#session = undefined;
    return this.#postInSession(method, params, signal);
  }

  async #postInSession(
    method: string,
    params: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<OwnAnswer> {
    // What it asked before may have been answered only now, and nobody would end another session.
    if (this.#closed) throw new Error('the conversation has been closed');
    if (!this.#opened) {
      await this.#openings.wait(this.#open(signal), signal);
      await this.#post(Method.initialized, undefined, this.#sessionHeaders(), signal);
    }
    return this.#post(method, params, this.#sessionHeaders(), signal);
  }

  /** Its answer is heard also when nobody waits for it any more: the session that it brings must be ended. */
  async #open(signal: AbortSignal): Promise<void> {
    const heard = AbortSignal.timeout(HEARD_MS);
    const { result, status, session } = await this.#post(Method.initialize, hello, [], heard);
    if (result === undefined) throw new UnfitAnswer(Method.initialize, status);
    this.#revision = revisionHeader(result);
    if (this.#closed || signal.aborted) {
      if (session !== undefined) await this.#end(session);
      throw new Error('answered initialize too late');
    }
    this.#session = session;
    this.#opened = true;
  }

  #sessionHeaders(): readonly string[] {
    const session = this.#session === undefined ? [] : ['mcp-session-id', this.#session];
    return [...this.#revision, ...session];
  }

  #headers(more: readonly string[]): string[] {
    const own = this.#pool.headerRules.own;
    return ['accept', 'application/json, text/event-stream', 'accept-encoding', 'identity', ...more, ...own];
  }

  async #post(
    method: string,
    params: Record<string, unknown> | undefined,
    headers: readonly string[],
    signal: AbortSignal,
  ): Promise<OwnAnswer> {
    const id = method.startsWith('notifications/') ? undefined : this.#nextId++;
    const answer = await this.#sockets.request({
      path: this.#endpoint.path,
      method: 'POST',
      headers: this.#headers(['content-type', 'application/json', ...headers]),
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal,
    });
    const session = answer.headers['mcp-session-id'];
    const message = await readMessage(answer, id, method.endsWith('/list') ? LIST_BYTES : SMALL_BYTES);
    return {
      status: answer.statusCode,
      session: typeof session === 'string' ? session : undefined,
      result: message?.result,
      errorCode: message?.error?.code,
    };
  }
}
