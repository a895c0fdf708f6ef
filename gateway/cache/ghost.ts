// The ghost: for tools without a rule, what a cache would have brought; hashes and times only, within bounds.
import { LRUCache } from 'lru-cache';
import type { Principal } from '../core/principal.ts';
import { JITTER } from './freshness.ts';
import type { Misses } from './ghost-tally.ts';
import { GHOST_TTLS_MS, Tally } from './ghost-tally.ts';
import { SeenKeys } from './seen-keys.ts';
import { sampleHash, spread, textHash, ValueHash } from './value-hash.ts';

/** Keys remembered, those of single clients and those of all together; results remembered; tools told apart. */
const MAX_KEYS = 1 << 18;
const MAX_RESULTS = 4000;
const MAX_TOOLS = 500;

/** What is known of a tool. Hits are of `calls`, estimated, in the order of `GHOST_TTLS_MS`. */
export interface GhostFigures {
  readonly pool: string;
  readonly tool: string;
  readonly calls: number;
  /** Calls that were looked at; the other figures stand on these. */
  readonly looks: number;
  /** With each client's results apart, and with results shared by all. */
  readonly clientHits: readonly number[];
  readonly publicHits: readonly number[];
  /** How often equal arguments of one client gave an equal result, and another one. */
  readonly same: number;
  readonly different: number;
  /** The same between two clients. */
  readonly sameForOthers: number;
  readonly differentForOthers: number;
}

/** What entries live for on the average, which is a little less than their time to live. */
const lifetimesMs = GHOST_TTLS_MS.map((ttlMs) => ttlMs * (1 - JITTER / 2));

interface Result {
  readonly who: number;
  readonly digest: string;
}

/**
 * Follows calls as if there were caches. Of a busy tool a part of the keys is watched, and their misses stand for those of
 * all, while calls are counted as they come: a key that is asked often misses no more often than others, so that it does not
 * matter much whether it is among them (Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015).
 */
export class Ghost {
  readonly #now: () => number;
  readonly #keys: SeenKeys;
  readonly #results = new LRUCache<number, Result>({ max: MAX_RESULTS });
  readonly #tallies = new Map<string, Tally>();
  readonly #value = new ValueHash();

  /** `now` in ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#keys = new SeenKeys(MAX_KEYS, GHOST_TTLS_MS.length, now());
  }

  /** The counts of a tool; undefined where there are too many tools. */
  tally(pool: string, tool: string): Tally | undefined {
    const name = `${pool}/${tool}`;
    let tally = this.#tallies.get(name);
    if (tally === undefined && this.#tallies.size < MAX_TOOLS) {
      tally = new Tally(pool, tool, textHash(name, 0));
      this.#tallies.set(name, tally);
    }
    return tally;
  }

  /** A call with these arguments. Gives the name of what was asked where its result is to be compared, else 0. */
  called(tally: Tally, bytes: Buffer, start: number, end: number, { id, binding }: Principal): number {
    tally.calls++;
    const sample = sampleHash(bytes, start, end, tally.seed);
    if (!tally.takes(sample)) return 0;
    tally.looks++;
    const now = this.#now();
    const value = this.#value;
    value.read(bytes, start, end);
    const a = spread(value.a ^ tally.seed);
    const { b } = value;
    const who = textHash(id, textHash(binding, 0));
    const old = this.#count(tally, tally.public, a, b, sample, now);
    const ownOld = this.#count(tally, tally.client, spread(a ^ who), b, sample, now);
    if (!(old && ownOld)) tally.spend(now);
    return tally.compares(now) ? (a >>> 11) * 2 ** 32 + (b >>> 0) || 1 : 0;
  }

  /** What such a call gave; `what` as `called` has given it. */
  gave(tally: Tally, what: number, { id, binding }: Principal, digest: string): void {
    const who = textHash(id, textHash(binding, 0));
    const before = this.#results.get(what);
    if (before !== undefined) {
      const same = before.digest === digest;
      if (before.who !== who) tally[same ? 'sameForOthers' : 'differentForOthers']++;
      else tally[same ? 'same' : 'different']++;
    }
    this.#results.set(what, { who, digest });
  }

  /** Of every tool that was called, most called first. */
  figures(): readonly GhostFigures[] {
    return [...this.#tallies.values()].map(figuresOf).sort((a, b) => b.calls - a.calls);
  }

  /** Whether all caches would have had the key; counts the misses of the others. */
  #count(tally: Tally, misses: Misses, a: number, b: number, sample: number, now: number): boolean {
    const known = this.#keys.find(a, b);
    const row = known === -1 ? this.#keys.add(a, b, now) : known;
    let allHit = true;
    for (let i = 0; i < lifetimesMs.length; i++) {
      const livesMs = lifetimesMs[i] as number;
      if (known !== -1 && now - this.#keys.time(row, i) < livesMs) continue;
      allHit = false;
      this.#keys.setTime(row, i, now);
      const watched = tally.watchedSince(sample) <= now - livesMs;
      const counts = watched ? misses.sure : misses.unsure;
      counts[i] = (counts[i] as number) + tally.weight;
    }
    return allHit;
  }
}

function figuresOf(tally: Tally): GhostFigures {
  const { pool, tool, calls, looks, same, different, sameForOthers, differentForOthers } = tally;
  const compared = { same, different, sameForOthers, differentForOthers };
  const hits = { clientHits: tally.hits(tally.client), publicHits: tally.hits(tally.public) };
  return { pool, tool, calls, looks, ...hits, ...compared };
}
