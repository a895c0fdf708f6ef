// Hedging: when a second endpoint is asked because the first takes its time, by the rule of the tool.
import type { ToolRule } from '../../config/schema.ts';
import type { Exchange } from '../core/exchange.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { compileToolRules, ruleFor } from '../core/tool-rules.ts';
import { RecentDurations } from './recent-durations.ts';
import { RetryBudget } from './retry-budget.ts';
import type { IsSafeTool } from './safe-tools.ts';

/** A rule's hedging: what it says, what it has learnt, and what it may still spend. */
interface Hedging {
  readonly after: NonNullable<ToolRule['hedge']>['after'];
  readonly budget: RetryBudget;
  readonly recent: RecentDurations;
}

/** The hedging of one pool. */
export class Hedges {
  readonly #ruleOf: RuleOf | undefined;
  readonly #isSafeTool: IsSafeTool;
  readonly #count: () => void;
  readonly #byMatch = new Map<string, Hedging>();

  /**
   * `count`: told of each hedge. Of `previous`, the hedging before a reload, the rules that match the same tools go on with
   * what theirs have learnt and spent.
   */
  constructor(rules: readonly ToolRule[], isSafeTool: IsSafeTool, count: () => void, previous?: Hedges) {
    this.#ruleOf = compileToolRules(rules);
    this.#isSafeTool = isSafeTool;
    this.#count = count;
    for (const { match, hedge } of rules) {
      // Of two that match the same, the first one applies.
      if (hedge === undefined || this.#byMatch.has(match)) continue;
      const known = previous === undefined ? undefined : previous.#byMatch.get(match);
      this.#byMatch.set(match, {
        after: hedge.after,
        budget: new RetryBudget(hedge.budget_percent, known?.budget),
        recent: known?.recent ?? new RecentDurations(),
      });
    }
  }

  /** How long to wait for the first endpoint, in ms; undefined when no other may be asked. */
  delayOf(x: Exchange): number | undefined {
    const hedging = this.#hedgingOf(x);
    if (hedging === undefined || x.pinned !== undefined || !this.#isSafeTool(x.envelope.name as string)) {
      return undefined;
    }
    const beganAt = performance.now();
    const { after, budget, recent } = hedging;
    budget.requested(beganAt);
    if (after !== 'p95') return after;
    // What was cancelled may have waited for an answer that never was to come.
    x.defer(() => x.cancelled || recent.note(performance.now() - beganAt));
    return recent.p95;
  }

  /** Takes a hedge of `x` out of its rule's budget and counts it; false when the budget is used up. */
  spend(x: Exchange, now: number): boolean {
    if (this.#hedgingOf(x)?.budget.take(now) !== true) return false;
    this.#count();
    return true;
  }

  #hedgingOf(x: Exchange): Hedging | undefined {
    const rule = this.#ruleOf && ruleFor(x, this.#ruleOf);
    return rule?.hedge && this.#byMatch.get(rule.match);
  }
}
