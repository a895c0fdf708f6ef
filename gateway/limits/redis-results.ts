// Full results in Redis: whichever gateway is asked can read what another has cut.
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { FullText, ResultStore } from './result-store.ts';

const LF = 0x0a;

/** Keeps texts here and in Redis; while Redis is away each gateway has its own. */
export class RedisResults implements ResultStore {
  readonly #redis: RedisConnection;
  readonly #memory: ResultStore;

  constructor(redis: RedisConnection, memory: ResultStore) {
    this.#redis = redis;
    this.#memory = memory;
  }

  put(id: string, text: FullText, ttlMs: number): void {
    this.#memory.put(id, text, ttlMs);
    // An owner is JSON on one line, so the line feed behind it is the first.
    const value = Buffer.concat([Buffer.from(`${text.owner}\n`), text.raw]);
    void this.#redis.run((redis) => redis.set(this.#key(id), value, 'PX', ttlMs));
  }

  get(id: string): FullText | Promise<FullText | undefined> {
    const known = this.#memory.get(id);
    if (known !== undefined && !(known instanceof Promise)) return known;
    return this.#redis.run((redis) => redis.getBuffer(this.#key(id))).then((value) => read(value));
  }

  #key(id: string): string {
    return `${this.#redis.prefix}result:${id}`;
  }
}

function read(value: Buffer | null | undefined): FullText | undefined {
  const end = value?.indexOf(LF) ?? -1;
  if (value === null || value === undefined || end === -1) return undefined;
  return { owner: value.toString('utf8', 0, end), raw: value.subarray(end + 1) };
}
