// Session uses in Redis: gateway processes tell each other which sessions are in use, so that none ends another's.
import { randomBytes } from 'node:crypto';
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { SharedUses } from './live-sessions.ts';

/** A use is told of at most this often, in ms. */
const TELL_AT_MOST_MS = 60_000;

/** One key a session: the process that has told of its use last, for as long as the use counts. */
export class RedisUses implements SharedUses {
  readonly tellEveryMs: number;
  readonly #redis: RedisConnection;
  readonly #idleMs: number;
  readonly #self = randomBytes(8).toString('base64url');

  /** `idleMs`: how long a use counts. */
  constructor(redis: RedisConnection, idleMs: number) {
    this.#redis = redis;
    this.#idleMs = idleMs;
    this.tellEveryMs = Math.min(TELL_AT_MOST_MS, idleMs / 4);
  }

  tell(nonce: string): void {
    void this.#redis.run((client) => client.set(this.#key(nonce), this.#self, 'PX', this.#idleMs));
  }

  async elsewhere(nonce: string): Promise<boolean> {
    const teller = await this.#redis.run((client) => client.get(this.#key(nonce)));
    // Undefined: Redis is away, and nothing can be known.
    return teller !== null && teller !== this.#self;
  }

  #key(nonce: string): string {
    return `${this.#redis.prefix}used:${nonce}`;
  }
}
