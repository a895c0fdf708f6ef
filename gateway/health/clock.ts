// The clock of health: monotonic time and timers, a parameter so that tests can move it by hand.

/** Undoes what was scheduled; harmless afterwards. */
export type Unschedule = () => void;

export interface Clock {
  /** Monotonic ms. */
  now(): number;
  /** Runs `action` once, after `delayMs`. */
  after(delayMs: number, action: () => void): Unschedule;
}

/** The process's own clock; its timers never keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
