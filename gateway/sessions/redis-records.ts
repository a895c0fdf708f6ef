// Session records in Redis: any gateway process learns what another has seen of a session, and where it moved it.
import type { RedisConnection } from '../redis/redis-connection.ts';
import type { Place, RecordChange, RecordStore, SessionRecord } from './session-records.ts';

/** Before the fields that name subscriptions. */
const URI = 'uri:';

/** One hash a session, gone when the session's id would die. */
export class RedisRecords implements RecordStore {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async load(nonce: string): Promise<SessionRecord | undefined> {
    const fields = await this.#redis.run((client) => client.hgetall(this.#key(nonce)));
    const traceless = fields?.['traceless'];
    if (fields === undefined || traceless === undefined) return undefined;
    const moved = placeOf(fields['moved']);
    const uris = Object.keys(fields).flatMap((name) =>
      name.startsWith(URI) ? [name.slice(URI.length)] : [],
    );
    return {
      traceless: traceless === '1',
      uris: new Set(uris),
      ...(fields['level'] !== undefined && { level: fields['level'] }),
      ...(moved !== undefined && { moved }),
    };
  }

  async save(nonce: string, change: RecordChange, ttlMs: number): Promise<boolean> {
    const key = this.#key(nonce);
    const { traceless, level, moved, subscribe, unsubscribe } = change;
    const fields: Record<string, string> = {
      ...(traceless !== undefined && { traceless: traceless ? '1' : '0' }),
      ...(level !== undefined && { level }),
      ...(moved !== undefined && { moved: JSON.stringify([moved.endpointId, moved.upstreamId]) }),
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

  #key(nonce: string): string {
    return `${this.#redis.prefix}session:${nonce}`;
  }
}

/** What others wrote is looked at before it is believed. */
function placeOf(text: string | undefined): Place | undefined {
  if (text === undefined) return undefined;
  try {
    const [endpointId, upstreamId] = JSON.parse(text);
    const sound = typeof endpointId === 'string' && typeof upstreamId === 'string';
    return sound ? { endpointId, upstreamId } : undefined;
  } catch {
    return undefined;
  }
}
