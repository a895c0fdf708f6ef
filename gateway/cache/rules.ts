// Cache rules: which exchanges of a pool may be answered from the cache, and under what terms.
import type { Exchange } from '../core/exchange.ts';
import { Method, Notice } from '../mcp/methods.ts';
import type { Lifetimes } from './freshness.ts';
import { tagOf } from './tags.ts';

/** Whose requests may share an answer; `stated`: as the answer itself says. */
export type Scope = 'client' | 'public' | 'session' | 'stated';

/** The terms under which answers are kept. */
export interface CacheRule extends Lifetimes {
  readonly scope: Scope;
  /** The answer says how long it is fresh; `ttlMs` is then the most that is believed. */
  readonly stated: boolean;
  readonly tags: readonly string[];
  /** Lower-case names of headers whose values tell answers apart. */
  readonly varyHeaders: readonly string[];
  /** When not empty, only these arguments tell answers apart; dotted paths. */
  readonly varyPaths: readonly (readonly string[])[];
  readonly maxEntryBytes: number;
}

/** What an exchange is to the cache. */
export interface Plan {
  readonly rule: CacheRule;
  /** The tool, or the method of a list or read. */
  readonly subject: string;
  readonly tags: readonly string[];
  /** A list or read of the protocol, not a tool's result. */
  readonly isList: boolean;
  /** Whether waiting for another's fetch is worth while: answers that state their freshness must first have stated one. */
  promising: boolean;
  /**
   * Whether each form of results has entries of its own. Lists do; a tool does from its first structured content on, which
   * servers of the SDK wrap for some revisions: only a server can put it into another revision's form.
   */
  formed: boolean;
}

/** The cache's view of a pool. */
export interface PoolRules {
  readonly pool: string;
  /** Changes with the pool's configuration, so that what an older one fetched is not found. */
  readonly generation: string;
  /** The rule of a tool, found in little time. */
  readonly tool: (name: string) => CacheRule | undefined;
  /** For lists and reads of the stateless era, whose answers state their freshness. */
  readonly stated: CacheRule | undefined;
  /** For lists and reads of the sessionful era. */
  readonly lists: CacheRule | undefined;
  /** Whether any tool purges. */
  readonly purges: boolean;
  /** Tags that a tool's success purges; undefined for none. */
  readonly invalidates: (name: string) => readonly string[] | undefined;
  /** Whether clients may ask for `bypass` and `refresh`. */
  readonly clientControl: boolean;
  /** Whether what an upstream calls public is shared between clients. */
  readonly sharesPublic: boolean;
  /** Lower-case names of client headers that the upstream sees: they may change the answer. */
  readonly forwardedHeaders: readonly string[];
  /** Told when a list or read is kept: from then on its changes must be heard. */
  readonly listKept: () => void;
  /** How long a refresh in the background may take, in ms. */
  readonly refreshTimeoutMs: number;
}

/** Methods whose results the protocol itself calls cacheable (MCP 2026-07-28, caching). */
const cacheable: ReadonlySet<string> = new Set([
  Method.discover,
  Method.toolsList,
  Method.resourcesRead,
  Method.promptsList,
  Method.resourcesList,
  Method.templatesList,
]);

/** Finds the plan of an exchange; each tool's is made once. */
export class Planner {
  readonly #rules: PoolRules;
  readonly #plans = new WeakMap<CacheRule, Map<string, Plan>>();

  constructor(rules: PoolRules) {
    this.#rules = rules;
  }

  /** The plan for `x`; undefined when its answer is not for the cache. */
  plan(x: Exchange): Plan | undefined {
    const { envelope } = x;
    if (envelope.kind !== 'request' || envelope.continued) return undefined;
    const { method, name } = envelope;
    if (method === Method.toolsCall) {
      if (name === undefined || envelope.extended) return undefined;
      const rule = this.#rules.tool(name);
      return rule === undefined ? undefined : this.#of(rule, name, method);
    }
    if (!cacheable.has(method)) return undefined;
    const rule = x.era.typedResults ? this.#rules.stated : this.#rules.lists;
    return rule === undefined ? undefined : this.#of(rule, method, method);
  }

  #of(rule: CacheRule, subject: string, method: string): Plan {
    let plans = this.#plans.get(rule);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(rule, plans);
    }
    let plan = plans.get(subject);
    if (plan === undefined) {
      const isList = method !== Method.toolsCall;
      const tags = this.#tags(rule, subject, method);
      plan = { rule, subject, tags, isList, promising: !rule.stated, formed: isList };
      // Clients choose names, and a glob takes them all.
      if (plans.size >= 1000) plans.clear();
      plans.set(subject, plan);
    }
    return plan;
  }

  #tags(rule: CacheRule, subject: string, method: string): string[] {
    const { pool } = this.#rules;
    const own =
      method === Method.toolsCall
        ? [tagOf.tool(subject), tagOf.poolTool(pool, subject)]
        : [tagOf.method(pool, method)];
    return [tagOf.all(), tagOf.pool(pool), ...own, ...rule.tags.map(tagOf.named)];
  }
}

/** All methods whose results are lists or reads. */
export const listMethods: readonly string[] = [...cacheable];

/** Methods whose kept results a notification of a server makes worthless; undefined for one that says nothing of lists. */
export function changedBy(notification: string): readonly string[] | undefined {
  switch (notification) {
    case Notice.toolsChanged:
      return [Method.toolsList];
    case Notice.promptsChanged:
      return [Method.promptsList];
    case Notice.resourcesChanged:
      return [Method.resourcesList, Method.templatesList, Method.resourcesRead];
    case Notice.resourceUpdated:
      return [Method.resourcesRead];
    default:
      return undefined;
  }
}
