// Ears: one stream of the gateway's own to one endpoint, opened anew whenever it ends.
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

/** Listens until it is closed; a server without such streams is asked again from time to time. */
export class Ear {
  readonly #pool: Pool;
  readonly #endpoint: Endpoint;
  readonly #onNotice: OnNotice;
  readonly #ended = new AbortController();
  readonly #following: Promise<void>;

  constructor(pool: Pool, endpoint: Endpoint, onNotice: OnNotice) {
    this.#pool = pool;
    this.#endpoint = endpoint;
    this.#onNotice = onNotice;
    this.#following = this.#follow();
  }

  /** Ends the stream, or the question for it, at once; resolves when its session has been ended or does not let itself. */
  close(): Promise<void> {
    this.#ended.abort(new Error('the gateway listens no more'));
    return this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended;
    let wait = FIRST_RETRY_MS;
    for (let first = true; !signal.aborted; first = false) {
      const client = new OwnClient(this.#pool, this.#endpoint);
      const heard = await this.#listen(client, first).catch(() => false);
      await client.close().catch(() => undefined);
      wait = heard ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, wait * 2);
      if (!signal.aborted) await pause(wait * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Listens until the stream ends; whether there was one. */
  async #listen(client: OwnClient, first: boolean): Promise<boolean> {
    const { signal } = this.#ended;
    await client.ping(ASK_TIMEOUT_MS, signal);
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
