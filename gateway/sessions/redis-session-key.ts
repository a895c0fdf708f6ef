// The session key in Redis: gateways without configured keys agree on one, so that each opens the ids of all.
import type { RedisConnection } from '../redis/redis-connection.ts';

/** What becomes of the agreement: words for the log. */
export type KeyEvent = 'session_key_shared' | 'session_key_own' | 'session_key_unsound';

/** What is told of the agreement; `message` is empty for good news. */
export type TellOfKey = (event: KeyEvent, message: string) => void;

/** How often Redis is asked again, in ms: it may have lost the key, or an operator put another one there. */
const ASK_EVERY_MS = 10_000;
/** 32 bytes as `newSessionKey` writes them. */
const SOUND = /^[\w-]{43}$/;

/** Agrees with all gateways that share a Redis, for as long as it is not closed. */
export class RedisSessionKey {
  /** Settled for the first time: agreed, or found that Redis is away. */
  readonly settled: Promise<void>;
  readonly #redis: RedisConnection;
  readonly #adopt: (key: string) => void;
  readonly #tell: TellOfKey;
  readonly #timer: NodeJS.Timeout;
  #key: string;
  #told: KeyEvent | undefined = undefined;
  #closed = false;
  #settle: () => void = () => {};

  /** `own` seals until there is an agreement, and is proposed to the others. `adopt` is told of each key agreed on. */
  constructor(redis: RedisConnection, own: string, adopt: (key: string) => void, tell: TellOfKey) {
    this.#redis = redis;
    this.#key = own;
    this.#adopt = adopt;
    this.#tell = tell;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    redis.onState((up) => {
      if (up) void this.#agree();
      else this.#goAlone();
    });
    this.#timer = setInterval(() => void this.#agree(), ASK_EVERY_MS).unref();
    void this.#agree();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#settle();
  }

  /** The key of a Redis that has lost it is proposed by those that know it, so that no session is lost. */
  async #agree(): Promise<void> {
    if (!this.#redis.up) return;
    const name = `${this.#redis.prefix}session-key`;
    const get = () => this.#redis.run((redis) => redis.get(name));
    let found = await get();
    if (found === null) {
      const set = await this.#redis.run((redis) => redis.set(name, this.#key, 'NX'));
      found = set === 'OK' ? this.#key : set === null ? await get() : undefined;
    }
    if (this.#closed || typeof found !== 'string') return;
    if (SOUND.test(found)) {
      this.#key = found;
      this.#adopt(found);
      this.#say('session_key_shared', '');
    } else
      this.#say(
        'session_key_unsound',
        `The key ${name} of Redis holds no session key; until it is deleted, ids are sealed with an own one`,
      );
    this.#settle();
  }

  #goAlone(): void {
    // Those that have agreed once go on with what they agreed on.
    if (this.#closed) return;
    if (this.#told === undefined)
      this.#say(
        'session_key_own',
        'Other gateways do not know the sessions that begin here until Redis is there',
      );
    this.#settle();
  }

  #say(event: KeyEvent, message: string): void {
    if (this.#told === event) return;
    this.#told = event;
    this.#tell(event, message);
  }
}
