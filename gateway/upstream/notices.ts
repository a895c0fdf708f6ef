// Notices: the gateway's own ear at the endpoints of a pool, for what servers say of changed lists.
import type { Endpoint } from '../core/endpoint.ts';
import { SseScanner } from '../mcp/sse-scanner.ts';
import { OwnClient } from './own-client.ts';
import type { Pool } from './pool.ts';
import { isEventStream } from './reply-headers.ts';

/** Told the method of each notification; undefined when some may have been missed. */
export type OnNotice = (method: string | undefined) => void;

const wanted = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const ASK_TIMEOUT_MS = 10_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/**
 * Listens on streams of its own: a client's stream may be the only one that its session has, and what it says is that
 * client's (MCP 2025-11-25, transports, "Listening for Messages from the Server").
 */
export class Notices {
  readonly #pool: Pool;
  readonly #onNotice: OnNotice;
  readonly #ended = new AbortController();
  #following: Promise<void>[] = [];

  constructor(pool: Pool, onNotice: OnNotice) {
    this.#pool = pool;
    this.#onNotice = onNotice;
  }

  /** Begins to listen, unless that has been done. */
  start(): void {
    if (this.#following.length > 0 || this.#ended.signal.aborted) return;
    this.#following = this.#pool.endpoints.map((endpoint) => this.#follow(endpoint));
  }

  /** Ends all streams, and the sessions that they were in. */
  async close(): Promise<void> {
    this.#ended.abort(new Error('the gateway listens no more'));
    await Promise.all(this.#following);
  }

  /** Listens at one endpoint for as long as the pool lives; a server without such streams is asked again from time to time. */
  async #follow(endpoint: Endpoint): Promise<void> {
    const { signal } = this.#ended;
    let wait = FIRST_RETRY_MS;
    for (let first = true; !signal.aborted; first = false) {
      const client = new OwnClient(this.#pool, endpoint);
      const heard = await this.#listen(client, first).catch(() => false);
      await client.close().catch(() => undefined);
      wait = heard ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, wait * 2);
      if (!signal.aborted) await pause(wait * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Listens until the stream ends; whether there was one. */
  async #listen(client: OwnClient, first: boolean): Promise<boolean> {
    const { signal } = this.#ended;
    await client.ping(ASK_TIMEOUT_MS);
    const { statusCode, headers, body } = await client.openStream(wanted, signal);
    if (statusCode !== 200 || !isEventStream(String(headers['content-type']))) {
      await body.dump();
      return false;
    }
    // Streams are not resumed: what was said while there was none is lost.
    if (!first) this.#onNotice(undefined);
    const scanner = new SseScanner((message) => {
      if (message.method !== undefined) this.#onNotice(message.method);
    });
    for await (const chunk of body) scanner.push(chunk as Buffer);
    return true;
  }
}

/** Waits, or less when it is over; keeps no process alive. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end);
  });
}
