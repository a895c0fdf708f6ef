// A clock that a test moves by hand, with its timers, and probes that a test answers.
import type { Clock } from '../../gateway/health/clock.ts';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** Monotonic time that stands still until told to go on. */
export class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass in which nothing runs, as when the process is stopped; timers that were due fire late. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Lets `ms` pass: timers fire in their order, and what they start is let settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.action();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets promises that are already decided have their effects. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
