// Tool concurrency: how many calls of the tools under one rule are in flight at once, whoever makes them.
import type { PoolConfig } from '../../config/schema.ts';
import type { Exchange } from '../core/exchange.ts';
import type { ClientPolicy } from '../core/principal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';
import { RuleSlots } from './rule-slots.ts';
import { Waiter } from './waiter.ts';

/** Calls that may wait for one rule, whoever's they are: beyond it waiting helps nobody. */
const MAX_WAITING = 1000;

/** The slots of all rules, by pool and what the rule matches. They outlive reloads, as the calls do that have them. */
export class ToolConcurrency {
  readonly #pools = new Map<string, Map<string, RuleSlots>>();

  /** Puts the limits of `pools` to use: who waits for what has no limit any more waits no longer. */
  apply(pools: readonly PoolConfig[]): void {
    for (const [name, slots] of this.#pools) {
      const tools = pools.find((pool) => pool.name === name)?.tools ?? [];
      for (const [match, one] of slots) {
        const limit = tools.find((rule) => rule.match === match)?.concurrency;
        if (limit === undefined && one.idle) slots.delete(match);
        one.limit = limit ?? Number.POSITIVE_INFINITY;
        one.serve();
      }
    }
  }

  /** The stage of a pool; `policy` is that of clients without one. What waits here already has a slot of its client's. */
  stage(pool: string, ruleOf: RuleOf, policy: ClientPolicy): Stage {
    const slotsOf = (x: Exchange): RuleSlots | undefined => {
      const rule = ruleFor(x, ruleOf);
      return rule?.concurrency === undefined ? undefined : this.#slots(pool, rule.match, rule.concurrency);
    };
    const release = (x: Exchange): void => slotsOf(x)?.give();
    return (next) => (x) => {
      const slots = slotsOf(x);
      if (slots === undefined) return next(x);
      if (!slots.take()) {
        return queued(x, next, slots, release, (x.principal.policy ?? policy).queueTimeoutMs);
      }
      x.defer(release);
      return next(x);
    };
  }

  #slots(pool: string, match: string, limit: number): RuleSlots {
    let ofPool = this.#pools.get(pool);
    if (ofPool === undefined) {
      ofPool = new Map();
      this.#pools.set(pool, ofPool);
    }
    let slots = ofPool.get(match);
    if (slots === undefined) {
      slots = new RuleSlots(limit);
      ofPool.set(match, slots);
    }
    return slots;
  }
}

function queued(
  x: Exchange,
  next: Handler,
  { queue, limit }: RuleSlots,
  release: (x: Exchange) => void,
  timeoutMs: number,
): Promise<Reply> {
  if (x.givenUp !== undefined) return Promise.resolve(x.refuse(x.givenUp));
  const full = (message: string) => refusal('overloaded', { message });
  const tool = x.envelope.name ?? '';
  if (queue.size >= MAX_WAITING) return Promise.resolve(x.refuse(full(`Too many calls wait for ${tool}`)));
  return new Promise((resolve) => {
    const message = `${tool} takes at most ${limit} calls at once, and none ended within ${timeoutMs} ms`;
    const go = () => {
      x.defer(release);
      resolve(next(x));
    };
    const patience = { timeoutMs, onTimeout: () => full(message) };
    queue.add(new Waiter(x, queue, patience, go, (why) => resolve(x.refuse(why))));
  });
}
