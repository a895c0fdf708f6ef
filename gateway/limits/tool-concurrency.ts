// Tool concurrency: how many calls of the tools under one rule are in flight at once, whoever makes them.
import type { ToolRule } from '../../config/schema.ts';
import type { Exchange } from '../core/exchange.ts';
import type { ClientPolicy } from '../core/principal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';
import { FairQueue } from './fair-queue.ts';
import { Waiter } from './waiter.ts';

/** Calls that may wait for one rule, whoever's they are: beyond it waiting helps nobody. */
const MAX_WAITING = 1000;

interface Slots {
  inFlight: number;
  readonly limit: number;
  readonly queue: FairQueue<Waiter>;
}

/** The stage; `policy` is that of clients without one. What waits here already has a slot of its client's. */
export function toolConcurrency(ruleOf: RuleOf, policy: ClientPolicy): Stage {
  const byRule = new Map<ToolRule, Slots>();
  const slotsOf = (x: Exchange): Slots | undefined => {
    const rule = ruleFor(x, ruleOf);
    if (rule?.concurrency === undefined) return undefined;
    let slots = byRule.get(rule);
    if (slots === undefined) {
      slots = { inFlight: 0, limit: rule.concurrency, queue: new FairQueue() };
      byRule.set(rule, slots);
    }
    return slots;
  };
  const release = (x: Exchange): void => {
    const slots = slotsOf(x) as Slots;
    const next = slots.queue.next(() => true);
    if (next === undefined) slots.inFlight--;
    else next.proceed();
  };
  return (next) => (x) => {
    const slots = slotsOf(x);
    if (slots === undefined) return next(x);
    if (slots.inFlight >= slots.limit) {
      return queued(x, next, slots, release, (x.principal.policy ?? policy).queueTimeoutMs);
    }
    slots.inFlight++;
    x.defer(release);
    return next(x);
  };
}

function queued(
  x: Exchange,
  next: Handler,
  { queue, limit }: Slots,
  release: (x: Exchange) => void,
  timeoutMs: number,
): Promise<Reply> {
  const full = (message: string) => refusal('overloaded', { message, retryAfterMs: 1000 });
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
