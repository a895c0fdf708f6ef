// The shared store in Redis: sealed entries, leases that let one process fetch for all, and purges that reach all.
import { randomUUID } from 'node:crypto';
import type { RedisConnection, Script } from '../redis/redis-connection.ts';
import { freshness } from './freshness.ts';
import * as scripts from './redis-scripts.ts';
import type { Rejection, SealedEntries } from './sealed-entry.ts';
import type { Address, CacheEntry, Lease, Look, SharedStore } from './store.ts';
import { endOf } from './store.ts';

/** A lease outlives its holder's death by no more than this, in ms; the living renew theirs in time. */
const LEASE_MS = 3000;
const RENEW_MS = 1000;
/** Longer than any entry is kept. */
const PURGE_REMEMBERED_MS = 31 * 24 * 3600_000;
const RETRY_MS = 200;
/** Purges that wait for Redis' return; more become one of everything. */
const MAX_PENDING = 1000;
/** Leases to be released once Redis is back; what is beyond runs out by itself. */
const MAX_FORSAKEN = 1000;
const CHANNEL = 'cache:purged';
const ALL = 'all';

const away: Look = { is: 'away' };

/** Told of what other processes purge, and of times in which that could not be heard. */
export interface PurgeListener {
  purged(names: readonly string[]): void;
  missed(): void;
}

/** Keeps entries in Redis. */
export class RedisStore implements SharedStore {
  readonly rejected: Record<Rejection, number> = { version: 0, seal: 0, form: 0 };
  readonly #redis: RedisConnection;
  readonly #seals: SealedEntries;
  readonly #now: () => number;
  readonly #self = randomUUID();
  readonly #look: Script;
  readonly #fill: Script;
  readonly #release: Script;
  readonly #extend: Script;
  readonly #purge: Script;
  readonly #leases = new Map<string, Lease>();
  readonly #pending = new Set<string>();
  /** Names by the tokens of leases that are not to be. */
  readonly #forsaken = new Map<string, string>();
  readonly #unsubscribe: () => void;
  #hears = false;
  #renewal: NodeJS.Timeout | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;

  /** `now`: ms since the epoch. */
  constructor(redis: RedisConnection, seals: SealedEntries, listener: PurgeListener, now: () => number) {
    this.#redis = redis;
    this.#seals = seals;
    this.#now = now;
    // The number of keys differs from call to call, so it goes in with them.
    this.#look = redis.script('cacheLook', scripts.look, undefined, 'bytes');
    this.#fill = redis.script('cacheFill', scripts.fill);
    this.#release = redis.script('cacheRelease', scripts.release);
    this.#extend = redis.script('cacheExtend', scripts.extend);
    this.#purge = redis.script('cachePurge', scripts.purge);
    this.#unsubscribe = redis.subscribe(CHANNEL, {
      message: (text) => this.#heard(text, listener),
      joined: () => {
        // Whatever was purged before this moment has been missed.
        listener.missed();
        this.#hears = true;
      },
      left: () => {
        this.#hears = false;
      },
    });
    redis.onState((up) => {
      if (up) this.#flush();
      if (up) this.#releaseForsaken();
    });
  }

  /** False also while purges of others are not heard, and while an own one has not reached Redis. */
  get up(): boolean {
    return this.#redis.up && this.#hears && this.#pending.size === 0;
  }

  async look(address: Address, wanted: 'any' | 'fresh' | 'no_lease'): Promise<Look> {
    const token = randomUUID();
    const when = wanted === 'no_lease' ? 'never' : wanted === 'any' ? 'missing' : 'always';
    const keys = this.#keysOf(address, address.name);
    const answer = await this.#look(keys.length, ...keys, when, token, LEASE_MS, this.#seals.maxSealedBytes);
    if (!Array.isArray(answer)) {
      if (when !== 'never') this.#forsake(address.name, token);
      return away;
    }
    const [value, leased, since] = answer as [Buffer | null, number, Buffer];
    const lease = leased === 1 ? this.#hold(address.name, { token, since: since.toString() }) : undefined;
    if (value !== null) {
      const entry = await this.#seals.open(address.name, value, address.tags);
      if (typeof entry === 'string') {
        this.rejected[entry]++;
        await this.#redis.run((redis) => redis.del(this.#key('e', address.name)));
        if (lease === undefined) return wanted === 'no_lease' ? { is: 'busy' } : this.look(address, wanted);
      } else if (wanted !== 'fresh' || freshness(entry, this.#now()) === 'fresh') {
        if (lease !== undefined) this.release(address.name, lease);
        return { is: 'entry', entry };
      }
    }
    return lease === undefined ? { is: 'busy' } : { is: 'lease', lease };
  }

  fill(address: Address, lease: Lease, entry: CacheEntry, leased: string): void {
    this.#letGo(leased, lease);
    const keptMs = Math.ceil(endOf(entry) - this.#now());
    this.#seals.seal(address.name, lease.since, entry).then(
      (value) => {
        if (value.length > this.#seals.maxSealedBytes || keptMs <= 0) return this.release(leased, lease);
        const keys = this.#keysOf(address, leased);
        return this.#fill(keys.length, ...keys, value, keptMs, lease.token, lease.since);
      },
      () => this.release(leased, lease),
    );
  }

  release(name: string, lease: Lease): void {
    this.#letGo(name, lease);
    void this.#release(1, this.#key('l', name), lease.token);
  }

  purge(names: readonly string[]): void {
    for (const name of names) this.#pending.add(name);
    if (this.#pending.size > MAX_PENDING) {
      this.#pending.clear();
      this.#pending.add(ALL);
    }
    this.#flush();
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#renewal);
    clearTimeout(this.#retry);
  }

  /** A look that nobody waits for any more may yet be carried out, and lease what nobody then fetches. */
  #forsake(name: string, token: string): void {
    if (this.#forsaken.size < MAX_FORSAKEN) this.#forsaken.set(token, name);
    if (this.#redis.up) this.#releaseForsaken();
  }

  #releaseForsaken(): void {
    for (const [token, name] of this.#forsaken) void this.#release(1, this.#key('l', name), token);
    this.#forsaken.clear();
  }

  #flush(): void {
    if (!this.#redis.up || this.#pending.size === 0) return;
    const names = [...this.#pending];
    const message = JSON.stringify({ from: this.#self, names });
    const keys = names.map((name) => this.#key('p', name));
    const channel = this.#redis.prefix + CHANNEL;
    void this.#purge(keys.length, ...keys, PURGE_REMEMBERED_MS, channel, message).then((done) => {
      if (done !== undefined) for (const name of names) this.#pending.delete(name);
      else if (this.#redis.up) {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref();
      }
    });
  }

  #heard(text: string, listener: PurgeListener): void {
    let message: { from?: unknown; names?: unknown };
    try {
      message = JSON.parse(text) as typeof message;
    } catch {
      return;
    }
    if (message.from === this.#self || !Array.isArray(message.names)) return;
    listener.purged(message.names.filter((name) => typeof name === 'string'));
  }

  #hold(name: string, lease: Lease): Lease {
    this.#leases.set(name, lease);
    this.#renewal ??= setInterval(() => {
      for (const [held, { token }] of this.#leases)
        void this.#extend(1, this.#key('l', held), token, LEASE_MS);
    }, RENEW_MS).unref();
    return lease;
  }

  #letGo(name: string, lease: Lease): void {
    if (this.#leases.get(name) === lease) this.#leases.delete(name);
    if (this.#leases.size > 0) return;
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }

  #keysOf({ name, purgeNames }: Address, leased: string): string[] {
    return [
      this.#key('e', name),
      this.#key('l', leased),
      ...purgeNames.map((purged) => this.#key('p', purged)),
    ];
  }

  /** Entries, leases and purges lie apart. */
  #key(kind: 'e' | 'l' | 'p', name: string): string {
    return `${this.#redis.prefix}cache:${kind}:${name}`;
  }
}
