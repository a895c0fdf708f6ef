// Rule slots: how many calls of the tools under one rule are in flight, and those that wait for one to end.
import { FairQueue } from './fair-queue.ts';
import type { Waiter } from './waiter.ts';

export class RuleSlots {
  /** As the configuration has it now; a reload may change it. */
  limit: number;
  readonly queue = new FairQueue<Waiter>();
  #inFlight = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether nothing is lost when it is forgotten. */
  get idle(): boolean {
    return this.#inFlight === 0 && this.queue.size === 0;
  }

  /** Takes a slot if one is free. */
  take(): boolean {
    if (this.#inFlight >= this.limit) return false;
    this.#inFlight++;
    return true;
  }

  give(): void {
    this.#inFlight--;
    this.serve();
  }

  /** Lets those go on for whom there are slots. */
  serve(): void {
    while (this.#inFlight < this.limit) {
      const next = this.queue.next(() => true);
      if (next === undefined) return;
      this.#inFlight++;
      next.proceed();
    }
  }
}
