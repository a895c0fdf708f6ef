// API keys: finds the client that holds a key, by the key's digest.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../core/principal.ts';

/** A key's holder; `digest` is the key's SHA-256. */
export interface KeyHolder {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Keys longer than this are no keys of ours, and not worth a digest. */
const MAX_KEY_CHARS = 4096;

/** The clients that have an API key. */
export class ApiKeys {
  /** By digest, so that finding a key tells nothing of how much of it was right. */
  readonly #byDigest: ReadonlyMap<string, KeyHolder>;
  /**
   * Holders by keys that were good, so that a request need not hash its key again (1.5 µs). Only good keys get in, hence
   * never more than there are clients.
   */
  readonly #good = new Map<string, Principal>();

  constructor(holders: readonly KeyHolder[]) {
    this.#byDigest = new Map(holders.map((holder) => [holder.digest.toString('hex'), holder]));
  }

  get size(): number {
    return this.#byDigest.size;
  }

  /** The caller who holds `key`; undefined when nobody does. */
  find(key: string): Principal | undefined {
    if (key.length > MAX_KEY_CHARS) return undefined;
    const known = this.#good.get(key);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(key, 'latin1').digest();
    const holder = this.#byDigest.get(digest.toString('hex'));
    if (holder === undefined || !timingSafeEqual(holder.digest, digest)) return undefined;
    this.#good.set(key, holder.principal);
    return holder.principal;
  }
}
