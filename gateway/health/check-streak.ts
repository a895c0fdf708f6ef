// Check streaks: turns single active checks into a verdict, with a threshold each way.

export interface CheckThresholds {
  /** Failed checks in a row that make an endpoint unhealthy. */
  readonly unhealthyAfter: number;
  /** Passed checks in a row that make it healthy again. */
  readonly healthyAfter: number;
}

/** Whether one endpoint is healthy by its checks. */
export class CheckStreak {
  readonly #thresholds: CheckThresholds;
  #streak = 0;
  healthy: boolean;

  constructor(thresholds: CheckThresholds, healthy = true) {
    this.#thresholds = thresholds;
    this.healthy = healthy;
  }

  /** True while a verdict is near: the last check said otherwise than the verdict does. */
  get undecided(): boolean {
    return this.#streak > 0;
  }

  /** Takes note of a check; true when the verdict has changed. */
  note(passed: boolean): boolean {
    if (passed === this.healthy) {
      this.#streak = 0;
      return false;
    }
    this.#streak++;
    const { unhealthyAfter, healthyAfter } = this.#thresholds;
    if (this.#streak < (passed ? healthyAfter : unhealthyAfter)) return false;
    this.healthy = passed;
    this.#streak = 0;
    return true;
  }
}
