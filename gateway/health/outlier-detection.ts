// Outlier detection: what an endpoint's own attempts say of it; trips on failures in a row and on a bad success rate.
import { SuccessWindow } from './success-window.ts';

/** Below this many attempts in the window the success rate says nothing. */
const MIN_ATTEMPTS = 10;

/** Why an endpoint is an outlier. */
export type OutlierReason = 'consecutive_failures' | 'success_rate';

/**
 * Two signals, because each alone misses failures that the other catches: a row of failures is found within a few calls,
 * an endpoint that fails every other call never has a row.
 */
export class OutlierDetection {
  readonly #limit: number;
  readonly #window: SuccessWindow;
  #inARow: number;

  /** `previous`: what was counted before a reload, which counts no more. */
  constructor(consecutiveFailures: number, previous?: OutlierDetection) {
    this.#limit = consecutiveFailures;
    this.#window = previous === undefined ? new SuccessWindow() : previous.#window;
    this.#inARow = previous === undefined ? 0 : previous.#inARow;
  }

  /** Takes note of an attempt; says why the endpoint is an outlier now, if it is. */
  note(good: boolean, now: number): OutlierReason | undefined {
    this.#window.note(good, now);
    if (good) {
      this.#inARow = 0;
      return undefined;
    }
    this.#inARow++;
    if (this.#inARow >= this.#limit) return 'consecutive_failures';
    return this.#window.mostlyBad(MIN_ATTEMPTS, now) ? 'success_rate' : undefined;
  }

  /** Starts anew, as after an ejection. */
  clear(): void {
    this.#inARow = 0;
    this.#window.clear();
  }
}
