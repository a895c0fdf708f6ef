// Session records in Redis: any gateway process learns what another has seen of a session.
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { RecordChange, RecordStore, SessionRecord } from './session-records.ts';

/** Before the fields that name subscriptions. */
const URI = 'uri:';

/** One hash a session, gone when the session's id would die. */
export class RedisRecords implements RecordStore {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async load(nonce: string): Promise<SessionRecord | undefined> {
    const fields = await this.#redis.run((client) => client.hgetall(recordKey(this.#redis, nonce)));
    const traceless = fields?.['traceless'];
    if (fields === undefined || traceless === undefined) return undefined;
    const uris = Object.keys(fields).flatMap((name) =>
      name.startsWith(URI) ? [name.slice(URI.length)] : [],
    );
    return {
      traceless: traceless === '1',
      uris: new Set(uris),
      ...(fields['level'] !== undefined && { level: fields['level'] }),
    };
  }

  async save(nonce: string, change: RecordChange, ttlMs: number): Promise<boolean> {
    const key = recordKey(this.#redis, nonce);
    const { traceless, level, subscribe, unsubscribe } = change;
    const fields: Record<string, string> = {
      ...(traceless !== undefined && { traceless: traceless ? '1' : '0' }),
      ...(level !== undefined && { level }),
      ...(subscribe !== undefined && { [URI + subscribe]: '' }),
    };
    const done = await this.#redis.run((client) => {
      const all = client.multi();
      if (Object.keys(fields).length > 0) all.hset(key, fields);
      if (unsubscribe !== undefined) all.hdel(key, URI + unsubscribe);
      return all.pexpire(key, ttlMs).exec();
    });
    return done?.every(([error]) => error === null) ?? false;
  }
}

/** The key of a session's record. */
export function recordKey({ prefix }: RedisConnection, nonce: string): string {
  return `${prefix}session:${nonce}`;
}
