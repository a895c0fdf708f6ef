// Serve: the stage that answers from the cache what it may, and has the rest fetched once for all who ask.
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { answerFrom } from './answer.ts';
import { ownBytes } from './arena.ts';
import type { Cache } from './cache.ts';
import type { Errand } from './fetch.ts';
import { Fetch } from './fetch.ts';
import { freshness } from './freshness.ts';
import { formOf, keyFor, keyText, whatKey } from './key.ts';
import { KnownQuestions } from './known-questions.ts';
import { refreshLike } from './refresh.ts';
import type { Plan, PoolRules } from './rules.ts';
import { Planner } from './rules.ts';
import { Flight } from './single-flight.ts';
import type { CacheEntry } from './store.ts';

/** The stage. What no rule is for passes by untouched; a hit from memory awaits nothing. */
export function serve(cache: Cache, rules: PoolRules): Stage {
  const planner = new Planner(rules);
  return (next) => {
    const server = new Server(cache, rules, next);
    return (x) => {
      const plan = planner.plan(x);
      return plan === undefined || !takesJson(x) ? next(x) : server.answer(x, plan);
    };
  };
}

/** Whether the client takes what the cache answers with; the specifications oblige it to. */
function takesJson({ inbound: { accept } }: Exchange): boolean {
  return accept === undefined || accept.includes('application/json') || accept.includes('*/*');
}

class Server {
  readonly #cache: Cache;
  readonly #rules: PoolRules;
  readonly #next: Handler;
  readonly #known = new KnownQuestions();

  constructor(cache: Cache, rules: PoolRules, next: Handler) {
    this.#cache = cache;
    this.#rules = rules;
    this.#next = next;
  }

  answer(x: Exchange, plan: Plan): Promise<Reply> {
    const wish = this.#rules.clientControl ? wishOf(x) : undefined;
    const known = wish === undefined ? this.#known.find(x, plan) : undefined;
    const what = wish === 'bypass' ? undefined : (known ?? whatKey(x, this.#rules, plan.rule, plan.subject));
    if (what === undefined) return this.#bypass(x);
    const { scope } = plan.rule;
    const { listKept } = this.#rules;
    const form = formOf(x);
    // A plain answer lacks what clients of later revisions look for.
    const formed = plan.formed || form === 'plain';
    const own = formed ? form : undefined;
    const key = keyFor(x, this.#rules, plan.rule, what, scope, own);
    const publicKey =
      scope === 'stated' && this.#rules.sharesPublic
        ? keyFor(x, this.#rules, plan.rule, what, 'public', own)
        : undefined;
    let stale: CacheEntry | undefined;
    if (wish === undefined) {
      const { memory } = this.#cache;
      const entry = memory.get(key) ?? (publicKey && memory.get(publicKey));
      if (entry !== undefined) {
        const now = this.#cache.now();
        const state = freshness(entry, now);
        if (state === 'fresh') {
          if (known === undefined) this.#known.keep(x, plan, what);
          return Promise.resolve(answerFrom(entry, x, 'hit', now));
        }
        if (state === 'stale') {
          const reply = answerFrom(entry, x, 'stale', now);
          this.#refresh(x, { plan, key, formed, publicKey, stale: undefined, listKept });
          return Promise.resolve(reply);
        }
        // Kept over a wait, in which its bytes may make room for others.
        if (state === 'if_error') stale = { ...entry, members: ownBytes(entry.members) };
      }
    }
    return this.#miss(x, { plan, key, formed, publicKey, stale, listKept }, wish === 'refresh');
  }

  #miss(x: Exchange, errand: Errand, anew: boolean): Promise<Reply> {
    const { plan } = errand;
    const text = keyText(errand.key);
    if (!plan.promising || this.#cache.passed.has(text) || anew)
      return this.#fetch(x, errand, new Flight()).alone();
    const flight = this.#cache.flights.get(text);
    // What was asked before a purge must not answer what is asked after it.
    if (flight === undefined || this.#cache.tags.purgedSince(plan.tags, flight.since)) {
      return this.#fetch(x, errand, new Flight()).lead();
    }
    return flight.join({
      x,
      serve: (entry, form) =>
        form === undefined || form === formOf(x)
          ? answerFrom(entry, x, 'coalesced', this.#cache.now())
          : this.answer(x, plan),
      lead: (next) => this.#fetch(x, errand, next).lead(),
      alone: () => this.#fetch(x, errand, new Flight()).alone(),
    });
  }

  #fetch(x: Exchange, errand: Errand, flight: Flight): Fetch {
    return new Fetch(this.#cache, this.#next, x, errand, flight);
  }

  #refresh(of: Exchange, errand: Errand): void {
    if (this.#cache.flights.get(keyText(errand.key)) !== undefined) return;
    refreshLike(of, this.#rules.refreshTimeoutMs, (x) => this.#fetch(x, errand, new Flight()).refresh());
  }

  #bypass(x: Exchange): Promise<Reply> {
    return this.#next(x).then((reply) => {
      x.cacheStatus = 'bypass';
      reply.headers.push('cache-status', 'mcp-gateway; fwd=request');
      return reply;
    });
  }
}

/** What the client wants of the cache, where it wants anything in particular. */
function wishOf({ envelope, inbound }: Exchange): 'bypass' | 'refresh' | undefined {
  const { cacheWish } = envelope;
  if (cacheWish === 'bypass' || cacheWish === 'refresh') return cacheWish;
  const control = inbound.cacheControl;
  if (control === undefined) return undefined;
  if (/(^|,)\s*no-store\s*(,|$)/i.test(control)) return 'bypass';
  return /(^|,)\s*no-cache\s*(,|=|$)/i.test(control) ? 'refresh' : undefined;
}
