// Slow start: an endpoint that comes back is given its share of the load little by little.
import type { Endpoint } from '../core/endpoint.ts';
import type { Clock, Unschedule } from './clock.ts';

/** A cold process is not flooded: linear over this time, and only after a failure, never at boot. */
const RAMP_MS = 10_000;
const STEP_MS = 250;
/** Its share at the first moment; more than nothing, or least connections would never try it. */
const FIRST_SHARE = 0.01;

/** Raises the ramp of endpoints on a timer, so that balancers only read a number. */
export class SlowStart {
  readonly #clock: Clock;
  readonly #began = new Map<Endpoint, number>();
  #unschedule: Unschedule | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(endpoint: Endpoint): void {
    endpoint.ramp = FIRST_SHARE;
    this.resume(endpoint);
  }

  /** Goes on from the share that the endpoint has. */
  resume(endpoint: Endpoint): void {
    this.#began.set(endpoint, this.#clock.now() - endpoint.ramp * RAMP_MS);
    this.#unschedule ??= this.#clock.after(STEP_MS, () => this.#step());
  }

  /** Forgets an endpoint; what it was given stays. */
  end(endpoint: Endpoint): void {
    this.#began.delete(endpoint);
  }

  stop(): void {
    this.#unschedule?.();
    this.#began.clear();
  }

  #step(): void {
    const now = this.#clock.now();
    for (const [endpoint, beganAt] of this.#began) {
      endpoint.ramp = Math.min(1, Math.max(FIRST_SHARE, (now - beganAt) / RAMP_MS));
      if (endpoint.ramp === 1) this.#began.delete(endpoint);
    }
    this.#unschedule = this.#began.size === 0 ? undefined : this.#clock.after(STEP_MS, () => this.#step());
  }
}
