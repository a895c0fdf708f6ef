// Full results: the whole text of results that were truncated, kept for their owners for a while, within bounds.
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** A kept text: the bytes of a JSON string without its quotes, so that a page of it needs no decoding. */
export interface FullText {
  /** Who may read it. */
  readonly owner: string;
  readonly raw: Buffer;
}

/** Where texts are kept. */
export interface ResultStore {
  put(id: string, text: FullText, ttlMs: number): void;
  get(id: string): FullText | undefined | Promise<FullText | undefined>;
}

/** Bytes of text that one process keeps; the least recently read go first. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Texts in the memory of this process. */
export class MemoryResults implements ResultStore {
  readonly #texts: LRUCache<string, FullText>;

  constructor(maxBytes = MAX_BYTES) {
    this.#texts = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ raw }) => Math.max(1, raw.length) });
  }

  /** Bytes kept. */
  get size(): number {
    return this.#texts.calculatedSize;
  }

  put(id: string, text: FullText, ttlMs: number): void {
    this.#texts.set(id, text, { ttl: ttlMs });
  }

  get(id: string): FullText | undefined {
    return this.#texts.get(id);
  }
}

const PREFIX = 'mcp-gateway://results/';

/** A new id that nobody can guess. */
export function newResultId(): string {
  return randomBytes(16).toString('base64url');
}

/** URI of a kept text, or of one of its pages from the second on. */
export function resultUri(id: string, page = 1): string {
  return page === 1 ? PREFIX + id : `${PREFIX}${id}?page=${page}`;
}

/** The id and page that a URI names; undefined when it is none of ours. */
export function parseResultUri(uri: string): { id: string; page: number } | undefined {
  const match = /^mcp-gateway:\/\/results\/([\w-]{1,64})(?:\?page=(\d{1,6}))?$/.exec(uri);
  return match === null ? undefined : { id: match[1] as string, page: Number(match[2] ?? 1) };
}

export function isResultUri(uri: string | undefined): uri is string {
  return uri?.startsWith(PREFIX) === true;
}
