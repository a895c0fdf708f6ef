// The ghost: for tools without a rule, what a cache would have brought; keys and times only, within bounds.
import { LRUCache } from 'lru-cache';

/** The times to live that are tried, in ms. */
export const GHOST_TTLS_MS = [10_000, 60_000, 300_000] as const;

/** Keys remembered, and tools told apart. */
const MAX_KEYS = 20_000;
const MAX_TOOLS = 500;
/** Calls looked at in a second; beyond, only every second key counts, then every fourth, and so on. */
const BUDGET_PER_SECOND = 1000;
const MAX_HALVINGS = 10;

/** What is known of a tool. Hits are of `calls`, in the order of `GHOST_TTLS_MS`. */
export interface GhostFigures {
  readonly pool: string;
  readonly tool: string;
  readonly calls: number;
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

interface Tally {
  readonly pool: string;
  readonly tool: string;
  calls: number;
  readonly clientHits: number[];
  readonly publicHits: number[];
  same: number;
  different: number;
  sameForOthers: number;
  differentForOthers: number;
}

/** When a cache of each time to live would have fetched the key. */
type Fetched = [number, number, number];

interface Result {
  readonly who: string;
  readonly digest: string;
}

/** Follows calls as if there were caches. */
export class Ghost {
  readonly #now: () => number;
  readonly #clientKeys = new LRUCache<string, Fetched>({ max: MAX_KEYS });
  readonly #publicKeys = new LRUCache<string, Fetched>({ max: MAX_KEYS });
  readonly #results = new LRUCache<string, Result>({ max: MAX_KEYS });
  readonly #tallies = new Map<string, Tally>();
  #second = 0;
  #inSecond = 0;
  #halvings = 0;

  /** `now` in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether a call is looked at, decided by its arguments' bytes alone: whole keys are left out, never single calls of a
   * key, since those would make it look less often asked than it is.
   */
  samples(bytes: Buffer, start: number, end: number): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      const busy = this.#inSecond > BUDGET_PER_SECOND;
      this.#halvings = Math.max(
        0,
        Math.min(MAX_HALVINGS, this.#halvings + (busy ? 1 : this.#inSecond < BUDGET_PER_SECOND / 4 ? -1 : 0)),
      );
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#halvings > 0) {
      // FNV-1a, enough to tell keys apart for this.
      let sum = 0x811c9dc5;
      for (let i = start; i < end; i++) sum = Math.imul(sum ^ (bytes[i] as number), 0x01000193);
      if (((sum >>> 8) & ((1 << this.#halvings) - 1)) !== 0) return false;
    }
    this.#inSecond++;
    return true;
  }

  /** A call of `tool`: `what` is its arguments' key, `who` its client's. */
  called(pool: string, tool: string, what: string, who: string): void {
    const tally = this.#tally(pool, tool);
    if (tally === undefined) return;
    tally.calls++;
    const now = this.#now();
    count(this.#clientKeys, `${what}${who}`, now, tally.clientHits);
    count(this.#publicKeys, what, now, tally.publicHits);
  }

  /** What such a call gave. */
  gave(pool: string, tool: string, what: string, who: string, digest: string): void {
    const tally = this.#tally(pool, tool);
    if (tally === undefined) return;
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
    return [...this.#tallies.values()].sort((a, b) => b.calls - a.calls);
  }

  #tally(pool: string, tool: string): Tally | undefined {
    const name = `${pool}/${tool}`;
    let tally = this.#tallies.get(name);
    if (tally === undefined && this.#tallies.size < MAX_TOOLS) {
      const none = { same: 0, different: 0, sameForOthers: 0, differentForOthers: 0 };
      tally = { pool, tool, calls: 0, clientHits: [0, 0, 0], publicHits: [0, 0, 0], ...none };
      this.#tallies.set(name, tally);
    }
    return tally;
  }
}

function count(keys: LRUCache<string, Fetched>, key: string, now: number, hits: number[]): void {
  const fetched = keys.get(key);
  if (fetched === undefined) {
    keys.set(key, [now, now, now]);
    return;
  }
  for (let i = 0; i < GHOST_TTLS_MS.length; i++) {
    if (now - (fetched[i] as number) < (GHOST_TTLS_MS[i] as number)) (hits[i] as number)++;
    else fetched[i] = now;
  }
}
