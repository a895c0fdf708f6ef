// The success window: how many of an endpoint's attempts went well in the last ten seconds.
import { SecondRing } from '../core/second-ring.ts';

/** Counts by the second, as linkerd's success-rate breaker does. */
export class SuccessWindow {
  readonly #good = new SecondRing();
  readonly #bad = new SecondRing();

  note(good: boolean, now: number): void {
    (good ? this.#good : this.#bad).add(now);
  }

  /** True when at least `minimum` attempts ended lately and less than half of them went well. */
  mostlyBad(minimum: number, now: number): boolean {
    const good = this.#good.total(now);
    const bad = this.#bad.total(now);
    return good + bad >= minimum && bad > good;
  }

  clear(): void {
    this.#good.clear();
    this.#bad.clear();
  }
}
