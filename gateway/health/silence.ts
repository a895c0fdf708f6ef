// Silence: notices an endpoint from which no call gets an answer any more, before the first call's timeout does.
import type { Endpoint } from '../core/endpoint.ts';

/** Less silence than this says nothing: a collection of garbage is as long. */
const LEAST_MS = 500;
/** Silence counts from so many times what the slowest answers have taken lately. */
const TIMES_SLOWEST = 2;

/** Watches one endpoint. What it says is no verdict: a slow tool is silent too, so the endpoint is asked. */
export class Silence {
  /** Monotonic ms of the last sign of life; while nothing is asked of it, no silence begins. */
  #heardAt: number;
  /** Grows each time that the endpoint is asked: if it is there after all, its calls just take long. */
  #patience = 1;

  constructor(now: number) {
    this.#heardAt = now;
  }

  /** Takes a look at `now`; true when the endpoint owes answers and has given none for too long: it is to be asked. */
  tooLong({ inFlight, measuredAt, latencyMs }: Endpoint, now: number): boolean {
    if (inFlight === 0 || measuredAt > this.#heardAt) {
      this.#heardAt = inFlight === 0 ? now : measuredAt;
      this.#patience = 1;
      return false;
    }
    if (now - this.#heardAt <= this.#patience * Math.max(LEAST_MS, TIMES_SLOWEST * latencyMs)) return false;
    this.#heardAt = now;
    this.#patience *= 2;
    return true;
  }

  /** Nobody listened for so long: what was said meanwhile may still wait to be read. */
  slept(forMs: number): void {
    this.#heardAt += forMs;
  }
}
