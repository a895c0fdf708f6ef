// Fetch: one trip to the upstream for an answer that is not in the cache, for all who wait for it.
import type { Exchange, SharedFetch } from '../core/exchange.ts';
import { callCancelled, type Refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler } from '../core/stage.ts';
import { answerFrom } from './answer.ts';
import type { Cache } from './cache.ts';
import { purgeNameOf } from './cache.ts';
import { answerInEvents, Collector } from './collect.ts';
import { judge } from './entry.ts';
import { freshness } from './freshness.ts';
import type { CacheKey } from './key.ts';
import { formOf, keyOfForm, keyText, sharedName } from './key.ts';
import type { Plan } from './rules.ts';
import type { Flight } from './single-flight.ts';
import type { Address, CacheEntry, Lease, Look } from './store.ts';

/** What is fetched, and where it goes. */
export interface Errand {
  readonly plan: Plan;
  readonly key: CacheKey;
  /** The key is for answers of one form only. */
  readonly formed: boolean;
  /** Where the answer goes if it says that all may share it; undefined when that is not believed. */
  readonly publicKey: CacheKey | undefined;
  /** Served if the upstream fails. */
  readonly stale: CacheEntry | undefined;
  /** Told when a list or read is kept. */
  readonly listKept: () => void;
}

/** Waits between two looks at what another process is fetching, in ms. */
const FIRST_WAIT_MS = 10;
const MAX_WAIT_MS = 100;

/** Refusals that mean a dead upstream, for which a stale entry may stand in. */
const upstreamDown: ReadonlySet<string> = new Set(['upstream_failed', 'no_endpoint', 'timeout']);

/** Whether nobody could be reached who has an answer: also for want of a connection of the gateway's own. */
function isDown({ failure }: Exchange, { refusal, status }: Reply): boolean {
  if (refusal === undefined || refusal === callCancelled) return status >= 500;
  return upstreamDown.has(refusal.reason) || failure?.shortage !== undefined;
}

/** The leader's way from a miss to the upstream's answer. */
export class Fetch implements SharedFetch {
  readonly #cache: Cache;
  readonly #next: Handler;
  readonly #x: Exchange;
  readonly #errand: Errand;
  readonly #flight: Flight;
  readonly #text: string;
  #lease: Lease | undefined = undefined;
  #stale: CacheEntry | undefined;

  constructor(cache: Cache, next: Handler, x: Exchange, errand: Errand, flight: Flight) {
    this.#cache = cache;
    this.#next = next;
    this.#x = x;
    this.#errand = errand;
    this.#flight = flight;
    this.#text = keyText(errand.key);
    this.#stale = errand.stale;
  }

  /** Fetches as the leader of the flight, which others may join from now on. */
  lead(): Promise<Reply> {
    this.#x.fetch = this;
    this.#cache.flights.set(this.#text, this.#flight);
    this.#flight.begin(this.#x, this.#cache.tags.now);
    return this.#cache.shared?.up ? this.#askFirst(false) : this.#go();
  }

  /** Its client has cancelled it, and a server that heeds the notice never answers. */
  forsake(): void {
    this.#end();
    this.#flight.fail();
    this.#x.unshare();
  }

  /** Fetches what is stale, while the stale entry is served; does nothing where another process is doing so. */
  refresh(): Promise<Reply> {
    this.#cache.flights.set(this.#text, this.#flight);
    this.#flight.begin(this.#x, this.#cache.tags.now);
    return this.#cache.shared?.up ? this.#askFirst(true) : this.#go();
  }

  /** Fetches without others; what comes back is kept all the same. */
  alone(): Promise<Reply> {
    this.#flight.begin(this.#x, this.#cache.tags.now);
    return this.#go();
  }

  /** Asks the shared store, which has the answer or says whose turn it is to fetch it. `renew`: a stale one is no answer. */
  async #askFirst(renew: boolean): Promise<Reply> {
    const { key, publicKey } = this.#errand;
    const shared = this.#cache.shared;
    let wanted: 'any' | 'fresh' = renew ? 'fresh' : 'any';
    let wait = FIRST_WAIT_MS;
    for (;;) {
      if (publicKey !== undefined) {
        const entry = await this.#found(publicKey);
        if (entry !== undefined) return this.#serve(entry);
      }
      const look: Look = shared?.up ? await shared.look(this.#address(key), wanted) : { is: 'away' };
      if (look.is === 'lease') this.#lease = look.lease;
      if (look.is === 'entry') {
        const state = freshness(look.entry, this.#cache.now());
        if (state === 'fresh' || (state === 'stale' && !renew)) {
          this.#cache.keep(key, look.entry, this.#flight.since);
          return this.#serve(look.entry);
        }
        this.#stale ??= look.entry;
        wanted = 'fresh';
        continue;
      }
      if (look.is !== 'busy') return this.#go();
      const refused = await this.#pause(wait);
      if (refused !== undefined) return this.#over(refused);
      wait = Math.min(MAX_WAIT_MS, wait * 2);
    }
  }

  async #found(key: CacheKey): Promise<CacheEntry | undefined> {
    const look = await this.#cache.shared?.look(this.#address(key), 'no_lease');
    if (look?.is !== 'entry' || freshness(look.entry, this.#cache.now()) !== 'fresh') return undefined;
    this.#cache.keep(key, look.entry, this.#flight.since);
    return look.entry;
  }

  /** Waits; gives the refusal where the exchange has been given up, before or meanwhile. */
  #pause(ms: number): Promise<Reply | undefined> {
    const x = this.#x;
    if (x.givenUp !== undefined) return Promise.resolve(x.refuse(x.givenUp));
    return new Promise((resolve) => {
      const end = (why: Refusal | undefined) => {
        clearTimeout(timer);
        x.running = undefined;
        resolve(why && x.refuse(why));
      };
      const timer = setTimeout(end, ms, undefined);
      const clientGone = () => {
        if (x.givenUp !== undefined) end(x.givenUp);
      };
      x.running = { cancel: end, clientGone };
    });
  }

  #serve(entry: CacheEntry): Reply {
    this.#end();
    this.#flight.settle(entry);
    const now = this.#cache.now();
    return answerFrom(entry, this.#x, freshness(entry, now) === 'fresh' ? 'hit' : 'stale', now);
  }

  #go(): Promise<Reply> {
    return this.#next(this.#x).then(
      (reply) => this.#watch(reply),
      (thrown: unknown) => {
        this.#end();
        this.#flight.fail();
        throw thrown;
      },
    );
  }

  #watch(reply: Reply): Reply {
    const { body } = reply;
    if (reply.refusal !== undefined || reply.status !== 200 || body === null) return this.#failed(reply);
    this.#tellMiss(reply);
    if (body instanceof Uint8Array) {
      this.#arrived(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
      return reply;
    }
    const collector = new Collector(body, this.#errand.plan.rule.maxEntryBytes, (bytes) =>
      this.#arrived(bytes !== undefined && reply.sse ? answerInEvents(bytes) : bytes),
    );
    return { ...reply, body: collector };
  }

  #failed(reply: Reply): Reply {
    const stale = this.#stale;
    const down = isDown(this.#x, reply);
    if (stale !== undefined && down && freshness(stale, this.#cache.now()) !== 'over')
      return this.#serve(stale);
    return this.#over(reply);
  }

  /** Whoever waits for the same result must see to it, for `reply` is none. */
  #over(reply: Reply): Reply {
    this.#tellMiss(reply);
    this.#end();
    this.#flight.fail();
    return reply;
  }

  #tellMiss(reply: Reply): void {
    this.#x.cacheStatus = 'miss';
    reply.headers.push('cache-status', 'mcp-gateway; fwd=miss');
  }

  /** The answer is whole; undefined when it broke off, is too large or depends on what the client was asked. */
  #arrived(message: Buffer | undefined): void {
    const { plan, key, formed, publicKey } = this.#errand;
    const cache = this.#cache;
    const verdict =
      message === undefined
        ? ({ is: this.#x.errorType === undefined ? 'never' : 'failure' } as const)
        : judge(message, plan.rule, plan.tags, cache.now(), cache.random());
    if (verdict.is === 'entry') {
      const { entry } = verdict;
      const form = verdict.structured && !formed ? formOf(this.#x) : undefined;
      const shared = entry.statedScope === 'public' && publicKey !== undefined ? publicKey : key;
      const target = form === undefined ? shared : keyOfForm(shared, form);
      plan.promising = true;
      if (form !== undefined) plan.formed = true;
      const kept = cache.keep(target, entry, this.#flight.since);
      if (plan.isList) this.#errand.listKept();
      this.#fill(kept ? target : undefined, entry);
      this.#end();
      this.#flight.settle(entry, form);
      return;
    }
    this.#end();
    if (verdict.is === 'failure') return this.#flight.fail();
    if (plan.rule.stated) plan.promising = false;
    cache.passed.add(this.#text);
    this.#flight.disperse();
  }

  /** Puts the entry where other processes find it; those that wait for the key it was asked under look there again. */
  #fill(target: CacheKey | undefined, entry: CacheEntry): void {
    const lease = this.#lease;
    if (lease === undefined || target === undefined) return;
    this.#cache.shared?.fill(this.#address(target), lease, entry, sharedName(this.#errand.key));
    this.#lease = undefined;
  }

  #address(key: CacheKey): Address {
    const { tags } = this.#errand.plan;
    return { name: sharedName(key), tags, purgeNames: [...tags, purgeNameOf(key.what)] };
  }

  /** Nobody can join any more, and other processes may fetch. */
  #end(): void {
    this.#cache.flights.delete(this.#flight);
    if (this.#lease !== undefined) this.#cache.shared?.release(sharedName(this.#errand.key), this.#lease);
    this.#lease = undefined;
  }
}
