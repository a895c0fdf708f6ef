// Own lists: what a pool lists of one kind, as the gateway itself has asked, page by page.
import { ErrorCode } from '../mcp/error-codes.ts';
import { OwnClient } from './own-client.ts';
import type { Pool } from './pool.ts';

const LIST_TIMEOUT_MS = 10_000;
/** At most one question in this time, however many unknown names clients use. */
const ASK_EVERY_MS = 10_000;
/** Asked for again at the next use when it is older: not every server says that its list has changed. */
const OLD_AFTER_MS = 300_000;
const MAX_PAGES = 100;
const MAX_ENTRIES = 10_000;

export interface OwnListSettings<T> {
  readonly pool: Pool;
  /** As `tools/list`. */
  readonly method: string;
  /** The property of a result that holds the entries. */
  readonly key: string;
  /** Makes of an entry what is kept of it. */
  read(name: string, entry: Readonly<Record<string, unknown>>): T;
  /** What is held to be listed until the list has been asked for. */
  readonly known?: ReadonlyMap<string, T>;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** Entries by name; a question that is not answered well changes nothing. */
export class OwnList<T> {
  readonly #settings: OwnListSettings<T>;
  #entries: ReadonlyMap<string, T>;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: { readonly client: OwnClient; readonly over: Promise<void> } | undefined = undefined;
  #resting = false;
  #outdated = false;

  constructor(settings: OwnListSettings<T>) {
    this.#settings = settings;
    this.#entries = settings.known ?? new Map();
  }

  get entries(): ReadonlyMap<string, T> {
    return this.#entries;
  }

  /** The entry of this name; an unknown name, and an old list, make it be asked for again, in its time. */
  find(name: string): T | undefined {
    const entry = this.#entries.get(name);
    const age = this.#settings.now() - this.#askedAt;
    if (age >= ASK_EVERY_MS && (entry === undefined || this.#outdated || age >= OLD_AFTER_MS)) {
      this.refresh().catch(() => {});
    }
    return entry;
  }

  /** Whether an entry of this name is listed. */
  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** The server's list has changed: asks for it at once, or at its next use where that was done a moment ago. */
  outdate(): void {
    this.#outdated = true;
    this.refresh().catch(() => {});
  }

  /**
   * Asks an endpoint for the list unless that was done a moment ago; resolves also for those who come while it is being
   * answered. Rejects when no list comes.
   */
  refresh(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking.over;
    const { pool, now } = this.#settings;
    const [endpoint] = pool.available;
    if (endpoint === undefined || this.#resting || now() - this.#askedAt < ASK_EVERY_MS)
      return Promise.resolve();
    this.#askedAt = now();
    this.#outdated = false;
    const client = new OwnClient(pool, endpoint);
    const over = this.#ask(client).finally(() => {
      this.#asking = undefined;
    });
    this.#asking = { client, over };
    return over;
  }

  /** Asks no more; resolves when the question under way has been answered, and its session ended. */
  async rest(): Promise<void> {
    this.#resting = true;
    await this.#asking?.over.catch(() => {});
  }

  /** As `rest`, but ends the session whatever has been answered; within two seconds. */
  async close(): Promise<void> {
    this.#resting = true;
    await this.#asking?.client.close();
  }

  async #ask(client: OwnClient): Promise<void> {
    try {
      this.#entries = await this.#list(client);
    } catch (error) {
      this.#outdated = true;
      throw error;
    } finally {
      await client.close().catch(() => {});
    }
  }

  /** Half a list would look like a whole one: it is all pages or none. */
  async #list(client: OwnClient): Promise<Map<string, T>> {
    const { method, key, read } = this.#settings;
    const found = new Map<string, T>();
    let cursor: unknown;
    for (let page = 0; page < MAX_PAGES && found.size < MAX_ENTRIES; page++) {
      const params = cursor === undefined ? {} : { cursor };
      const { result, status, errorCode } = await client.request(method, params, LIST_TIMEOUT_MS);
      // A server without such a list says so.
      if (page === 0 && errorCode === ErrorCode.methodNotFound) break;
      const entries: unknown = result?.[key];
      if (!Array.isArray(entries)) throw new Error(`answered ${method} with ${errorCode ?? status}`);
      for (const entry of entries)
        if (typeof entry?.name === 'string') found.set(entry.name, read(entry.name, entry));
      cursor = result?.['nextCursor'];
      if (typeof cursor !== 'string') break;
    }
    return found;
  }
}
