// Hedging: when a second endpoint is asked because the first takes its time, by the rule of the tool.
import type { ToolRule } from '../../config/schema.ts';
import type { Exchange } from '../core/exchange.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';
import { RecentDurations } from './recent-durations.ts';
import { RetryBudget } from './retry-budget.ts';
import type { IsSafeTool } from './safe-tools.ts';

type HedgeRule = NonNullable<ToolRule['hedge']>;

/** What one rule has learnt, and what it may still spend. */
interface Hedging {
  readonly budget: RetryBudget;
  readonly recent: RecentDurations;
}

/** The hedging of one pool. */
export class Hedges {
  readonly #ruleOf: RuleOf;
  readonly #isSafeTool: IsSafeTool;
  readonly #count: () => void;
  readonly #byRule = new WeakMap<HedgeRule, Hedging>();

  /** `count`: told of each hedge. */
  constructor(ruleOf: RuleOf, isSafeTool: IsSafeTool, count: () => void) {
    this.#ruleOf = ruleOf;
    this.#isSafeTool = isSafeTool;
    this.#count = count;
  }

  /** How long to wait for the first endpoint, in ms; undefined when no other may be asked. */
  delayOf(x: Exchange): number | undefined {
    const rule = this.#hedgeOf(x);
    if (rule === undefined || x.pinned !== undefined || !this.#isSafeTool(x.envelope.name as string)) {
      return undefined;
    }
    const beganAt = performance.now();
    const { budget, recent } = this.#hedging(rule);
    budget.requested(beganAt);
    if (rule.after !== 'p95') return rule.after;
    // What was cancelled may have waited for an answer that never was to come.
    x.defer(() => x.cancelled || recent.note(performance.now() - beganAt));
    return recent.p95;
  }

  /** Takes a hedge of `x` out of its rule's budget and counts it; false when the budget is used up. */
  spend(x: Exchange, now: number): boolean {
    const rule = this.#hedgeOf(x);
    if (rule === undefined || !this.#hedging(rule).budget.take(now)) return false;
    this.#count();
    return true;
  }

  #hedgeOf(x: Exchange): HedgeRule | undefined {
    return ruleFor(x, this.#ruleOf)?.hedge;
  }

  #hedging(rule: HedgeRule): Hedging {
    let hedging = this.#byRule.get(rule);
    if (hedging === undefined) {
      hedging = { budget: new RetryBudget(rule.budget_percent), recent: new RecentDurations() };
      this.#byRule.set(rule, hedging);
    }
    return hedging;
  }
}
