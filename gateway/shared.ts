// What outlives a reload of the configuration: what is learnt, counted or kept, as opposed to what is merely configured.
import { isDeepStrictEqual } from 'node:util';
import type { Config, PoolConfig } from '../config/schema.ts';
import type { AdviceReport } from './advise/report.ts';
import { Cache } from './cache/cache.ts';
import { shareCache } from './cache/redis-share.ts';
import type { SessionCodec } from './core/session.ts';
import { BodyMemory } from './limits/body-memory.ts';
import { Concurrency } from './limits/concurrency.ts';
import { MemoryBuckets } from './limits/memory-buckets.ts';
import type { Buckets } from './limits/rate-limit.ts';
import type { SharedLimits } from './limits/redis-limits.ts';
import { shareLimits } from './limits/redis-limits.ts';
import type { ResultStore } from './limits/result-store.ts';
import { MemoryResults } from './limits/result-store.ts';
import { ToolConcurrency } from './limits/tool-concurrency.ts';
import { RedisConnection } from './redis/redis-connection.ts';
import { EndedSessions } from './sessions/ended-sessions.ts';
import { LiveSessions } from './sessions/live-sessions.ts';
import { endMovedStreams } from './sessions/moved-streams.ts';
import { RedisPlaces } from './sessions/redis-places.ts';
import { RedisRecords } from './sessions/redis-records.ts';
import { RedisSessionKey } from './sessions/redis-session-key.ts';
import { RedisUses } from './sessions/redis-uses.ts';
import { newSessionKey, SealedIds } from './sessions/sealed-id.ts';
import { SessionPlaces } from './sessions/session-places.ts';
import { SessionRecords } from './sessions/session-records.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Resolve } from './upstream/discovery.ts';
import { systemResolve } from './upstream/discovery.ts';

/** One process's memory. Each reload is given the same one; the gateway built from a file only borrows from it. */
export class Shared {
  readonly telemetry: Telemetry;
  /** What there is to advise now; undefined where no calls are served. */
  readonly advice: (() => AdviceReport) | undefined;
  /** Finds the addresses of endpoints that are named. */
  readonly resolve: Resolve;
  /** The connection to Redis; undefined where none is configured. Only a restart leads it elsewhere. */
  readonly redis: RedisConnection | undefined;
  readonly ended = new EndedSessions();
  /** What is known of sessions; by all processes that share a Redis. */
  readonly records = new SessionRecords();
  /** Where sessions live; all processes that share a Redis agree on it. */
  readonly places: SessionPlaces;
  /** The sessions in use; what may be in use elsewhere is asked of Redis. */
  readonly sessions: LiveSessions;
  /** Calls in flight and in queues, by client: a reload must not let twice as many in. */
  readonly concurrency: Concurrency;
  /** Calls in flight by tool, of all clients together. */
  readonly toolConcurrency = new ToolConcurrency();
  /** What the bodies of requests take, by client. */
  readonly bodies = new BodyMemory();
  /** The tokens of clients' rates: of this gateway alone, or of all that share a Redis. */
  readonly buckets: Buckets;
  /** The full texts of results that were cut; each gateway that shares a Redis finds those of all. */
  readonly results: ResultStore;
  readonly #limits: SharedLimits | undefined;
  /** Seals where no keys are configured; what other gateways have agreed on takes its place. */
  #madeKey = newSessionKey();
  readonly #madeIds = new SealedIds([this.#madeKey]);
  #agreement: RedisSessionKey | undefined = undefined;
  #keys: readonly string[] = [];
  #codec: SessionCodec | undefined = undefined;
  #cache: Cache | undefined = undefined;
  #cacheMade: object | undefined = undefined;

  constructor(
    telemetry: Telemetry,
    redis: Config['redis'],
    advice?: () => AdviceReport,
    resolve: Resolve = systemResolve,
  ) {
    this.telemetry = telemetry;
    this.advice = advice;
    this.resolve = resolve;
    this.redis = redis && new RedisConnection(redis);
    this.redis?.onState((up, why) => telemetry.tell(up ? 'redis_back' : 'redis_away', why));
    const waits = telemetry.instruments.histogram('mcp_gateway_queue_wait_seconds').series({});
    this.concurrency = new Concurrency((ms) => waits.record(ms / 1000));
    telemetry.byClient('mcp_gateway_queue_depth', () => this.concurrency.depths());
    const results = new MemoryResults();
    this.#limits = this.redis && shareLimits(this.redis, this.concurrency, results);
    this.buckets = this.#limits?.buckets ?? new MemoryBuckets();
    this.results = this.#limits?.results ?? results;
    const ended = telemetry.instruments.counter('mcp_gateway_sessions_ended_total');
    this.sessions = new LiveSessions(
      (session) => {
        this.ended.add(session);
        this.records.forget(session);
        void this.places.end(session);
      },
      (pool, reason) => ended.series({ pool, reason }).add(),
    );
    this.places = new SessionPlaces({
      moved: (nonce, place) => endMovedStreams(telemetry.live, nonce, place),
      ended: (nonce, expiresAt) => {
        if (!this.ended.has({ nonce })) this.ended.add({ nonce, expiresAt });
        this.records.forget({ nonce });
        this.sessions.remove({ nonce });
      },
    });
    if (this.redis !== undefined) {
      this.records.store = new RedisRecords(this.redis);
      this.places.store = new RedisPlaces(this.redis, this.places);
    }
    telemetry.gauge('mcp_gateway_sessions', () =>
      Array.from(this.sessions.counts(), ([pool, count]) => [{ pool }, count] as const),
    );
  }

  /** The codec of the configured keys; without any of one made at start, or of the one that all who share a Redis have. */
  codec({ session_keys: keys }: Config): SessionCodec {
    this.#agreeOnKey(keys.length === 0);
    if (keys.length === 0) return this.#madeIds;
    if (this.#codec === undefined || !isDeepStrictEqual(keys, this.#keys)) {
      this.#keys = keys;
      this.#codec = new SealedIds(keys);
    }
    return this.#codec;
  }

  /** Resolves when ids are sealed with the key that they will be sealed with, as far as that can be known by now. */
  async keySettled(withinMs: number): Promise<void> {
    if (this.#agreement === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([this.#agreement.settled, promise]);
    clearTimeout(timer);
  }

  /** Whether no other process can open this gateway's session ids: a key that is made at start is known to none. */
  isAlone({ session_keys, listen }: Config): boolean {
    return session_keys.length === 0 && listen.workers === 1 && this.redis === undefined;
  }

  /** Holds the sessions in use to the limits of `config` from now on. */
  limitSessions(config: Config): void {
    const { all_sessions: inAll, session_idle: idleMs } = config.limits;
    const limits = { inAll, idleMs, alone: this.isAlone(config) };
    if (!isDeepStrictEqual(limits, this.sessions.limits)) {
      this.sessions.limits = limits;
      this.sessions.uses = this.redis && new RedisUses(this.redis, idleMs);
    }
    this.sessions.start();
  }

  /** The cache; a reload empties it only where what it is made of changes. */
  cache(config: Config): Cache {
    const { memory, max_entry } = config.cache;
    const largest = Math.max(max_entry, ...config.pools.flatMap(largestEntries));
    const secret = config.session_keys[0] ?? redisPassword(config.redis?.url);
    const made = { memory, largest, secret };
    if (this.#cache === undefined || !isDeepStrictEqual(made, this.#cacheMade)) {
      this.#cache?.shared?.close();
      this.#cache = new Cache({ memoryBytes: memory, now: Date.now, random: Math.random });
      this.#cacheMade = made;
      if (this.redis !== undefined) shareCache(this.#cache, this.redis, secret, largest);
    }
    return this.#cache;
  }

  /** Ends what runs beside the requests. */
  close(): void {
    this.sessions.stop();
    this.#agreement?.close();
    this.#cache?.shared?.close();
    // Its farewell is on the way before the connection is closed.
    void this.#limits?.close();
    this.redis?.close();
  }

  #agreeOnKey(wanted: boolean): void {
    if (!wanted) {
      this.#agreement?.close();
      this.#agreement = undefined;
    } else if (this.#agreement === undefined && this.redis !== undefined) {
      const adopt = (key: string) => {
        this.#madeKey = key;
        this.#madeIds.sealWith(key);
      };
      this.#agreement = new RedisSessionKey(this.redis, this.#madeKey, adopt, (event, message) =>
        this.telemetry.tell(event, message),
      );
    }
  }
}

function largestEntries(pool: PoolConfig): number[] {
  const { lists, read_only_tools: annotated } = pool.cache;
  return [lists, annotated, ...pool.tools.map(({ cache }) => cache)].map((rule) => rule?.max_entry ?? 0);
}

/** What a fleet without session keys has in common; whoever knows it can write to its Redis anyway. */
function redisPassword(url: string | undefined): string {
  return url === undefined ? '' : new URL(url).password;
}
