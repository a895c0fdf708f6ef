// Session places in Redis: all gateway processes agree on where a session lives, and hear at once when it moves or ends.
import type { RedisConnection, Script } from '../redis/redis-connection.ts';
import { recordKey } from './redis-records.ts';
import type { Place, PlaceNews, PlaceStore, Whereabouts } from './session-places.ts';

const CHANNEL = 'sessions:moved';

/**
 * KEYS: the session's record. ARGV: where the caller has lost it, where to, ms to keep it, channel, message. Gives where it
 * lives then: one mover wins, and the others find where it has gone.
 */
const MOVE = `
if redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return 'ended' end
local at = redis.call('HGET', KEYS[1], 'moved')
if at and at ~= ARGV[1] then return at end
redis.call('HSET', KEYS[1], 'moved', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return ARGV[2]`;

/** Who hears of moves and ends, and of times in which nothing could be heard. */
interface Listener extends PlaceNews {
  missed(): void;
}

/** Fields of the session's record: `moved` and `ended`. */
export class RedisPlaces implements PlaceStore {
  readonly #redis: RedisConnection;
  readonly #channel: string;
  readonly #move: Script;

  constructor(redis: RedisConnection, listener: Listener) {
    this.#redis = redis;
    this.#channel = redis.prefix + CHANNEL;
    this.#move = redis.script('sessionMove', MOVE, 1);
    redis.subscribe(CHANNEL, {
      message: (text) => hear(text, listener),
      joined: () => listener.missed(),
    });
  }

  get up(): boolean {
    return this.#redis.up;
  }

  async find(nonce: string): Promise<Whereabouts | undefined> {
    const key = recordKey(this.#redis, nonce);
    const fields = await this.#redis.run((client) => client.hmget(key, 'ended', 'moved'));
    if (fields === undefined) return undefined;
    const [ended, moved] = fields;
    if (typeof ended === 'string') return 'ended';
    return (typeof moved === 'string' ? placeOf(moved) : undefined) ?? 'home';
  }

  async move(nonce: string, from: Place, to: Place, ttlMs: number): Promise<Whereabouts | undefined> {
    const message = JSON.stringify(['moved', nonce, to.endpointId, to.upstreamId]);
    const key = recordKey(this.#redis, nonce);
    const at = await this.#move(key, textOf(from), textOf(to), ttlMs, this.#channel, message);
    if (at === 'ended') return at;
    return typeof at === 'string' ? placeOf(at) : undefined;
  }

  async end(nonce: string, expiresAt: number, ttlMs: number): Promise<boolean> {
    const message = JSON.stringify(['ended', nonce, expiresAt]);
    const key = recordKey(this.#redis, nonce);
    const done = await this.#redis.run((client) =>
      client
        .multi()
        .del(key)
        .hset(key, { ended: '1' })
        .pexpire(key, ttlMs)
        .publish(this.#channel, message)
        .exec(),
    );
    return done?.every(([error]) => error === null) ?? false;
  }
}

function textOf({ endpointId, upstreamId }: Place): string {
  return JSON.stringify([endpointId, upstreamId]);
}

/** What others wrote is looked at before it is believed. */
function placeOf(text: string): Place | undefined {
  const [endpointId, upstreamId] = listOf(text);
  const sound = typeof endpointId === 'string' && typeof upstreamId === 'string';
  return sound ? { endpointId, upstreamId } : undefined;
}

function hear(text: string, listener: Listener): void {
  const [what, nonce, first, second] = listOf(text);
  if (typeof nonce !== 'string') return;
  if (what === 'ended' && typeof first === 'number') listener.ended(nonce, first);
  if (what !== 'moved' || typeof first !== 'string' || typeof second !== 'string') return;
  listener.moved(nonce, { endpointId: first, upstreamId: second });
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
