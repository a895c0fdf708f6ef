// Ended sessions: a sealed id cannot be taken back, so what its client has deleted is remembered until it would die anyway.
import { LRUCache } from 'lru-cache';
import type { Session } from '../core/session.ts';

const KEPT = 100_000;

/** Sessions that were ended with DELETE; bounded: beyond it the upstream's own 404 decides. */
export class EndedSessions {
  readonly #nonces = new LRUCache<string, true>({ max: KEPT });
  readonly #now: () => number;

  /** `now`: ms since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(session: Session): void {
    const ttl = session.expiresAt * 1000 - this.#now();
    if (ttl > 0) this.#nonces.set(session.nonce, true, { ttl });
  }

  has(session: Session): boolean {
    return this.#nonces.has(session.nonce);
  }
}
