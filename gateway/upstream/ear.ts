// Ears: one stream of the gateway's own to one endpoint, opened anew whenever it ends.
import type { Endpoint } from '../core/endpoint.ts';
import type { Clock } from '../health/clock.ts';
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
/** A stream that ends sooner, in ms, is no better than none: its server would be asked every second. */
const LASTING_MS = 5000;

export interface EarParts {
  readonly pool: Pool;
  readonly endpoint: Endpoint;
  readonly onNotice: OnNotice;
  /** Whether something may have been missed before its first stream, as it may before each later one. */
  readonly isLate: boolean;
  readonly clock: Clock;
}

/** Listens until it is closed; a server without such streams is asked again from time to time. */
export class Ear {
  readonly #parts: EarParts;
  readonly #ended = new AbortController();
  readonly #following: Promise<void>;

  constructor(parts: EarParts) {
    this.#parts = parts;
    this.#following = this.#follow();
  }

  /** Ends the stream, or the question for it, at once; resolves when its session has been ended or does not let itself. */
  close(): Promise<void> {
    this.#ended.abort(new Error('the gateway listens no more'));
    return this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended;
    const { pool, endpoint, isLate, clock } = this.#parts;
    let wait = FIRST_RETRY_MS;
    for (let late = isLate; !signal.aborted; late = true) {
      const client = new OwnClient(pool, endpoint);
      const lasted = await this.#listen(client, late).catch(() => false);
      await client.close().catch(() => undefined);
      wait = lasted ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, wait * 2);
      if (!signal.aborted) await pause(clock, wait * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Listens until the stream ends, in whatever way; whether there was one that lasted. */
  async #listen(client: OwnClient, late: boolean): Promise<boolean> {
    const { signal } = this.#ended;
    const { onNotice, clock } = this.#parts;
    await client.ping(ASK_TIMEOUT_MS, signal);
    const { statusCode, headers, body } = await client.openStream(wanted, signal);
    if (statusCode !== 200 || !isEventStream(String(headers['content-type']))) {
      await body.dump();
      return false;
    }
    const openedAt = clock.now();
    // Streams are not resumed: what was said while there was none is lost.
    if (late) onNotice(undefined);
    const scanner = new SseScanner((message) => {
      if (message.method !== undefined) onNotice(message.method);
    });
    try {
      for await (const chunk of body) scanner.push(chunk as Buffer);
    } catch {
      // What cuts it off after a while says nothing against the next one.
    }
    return clock.now() - openedAt >= LASTING_MS;
  }
}

/** Waits, or less when it is over; keeps no process alive. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      unschedule();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const unschedule = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });
}
