// One endpoint's health: what its checks and its attempts say, and what follows for its place in the pool.
import type { Endpoint } from '../core/endpoint.ts';
import type { FailureKind } from '../core/failure.ts';
import { ActiveChecks, type CheckOwner, type CheckSettings, type Probe } from './active-checks.ts';
import type { Clock, Unschedule } from './clock.ts';
import { EjectionBackoff } from './ejection.ts';
import { OutlierDetection } from './outlier-detection.ts';
import { Silence } from './silence.ts';

/** What happens to endpoints: one log line each. */
export type HealthEvent = 'endpoint_unhealthy' | 'endpoint_ejected' | 'endpoint_available';

export interface OutlierSettings {
  readonly consecutiveFailures: number;
  /** How long the first ejection lasts. */
  readonly ejectionMs: number;
  readonly maxEjectedPercent: number;
}

/** What the endpoint's health needs of the pool around it. */
export interface HealthOwner {
  readonly clock: Clock;
  readonly random: () => number;
  readonly checks: CheckSettings;
  readonly outlier: OutlierSettings;
  /** True while no endpoint takes calls. */
  readonly urgent: boolean;
  /** Whether one more endpoint may be ejected now. */
  mayEject(endpoint: Endpoint): boolean;
  /** Whether others can take the calls while this one is asked how it is. */
  canSpare(endpoint: Endpoint): boolean;
  /** The endpoint's state may have changed; `event` says so where people should know. */
  changed(endpoint: Endpoint, event: HealthEvent | undefined, why: string | undefined): void;
  /** It is back after a failure. */
  returned(endpoint: Endpoint): void;
}

/** After these it is asked at once whether the process is there at all: they cost calls a long time, or all of them. */
const alarming: ReadonlySet<FailureKind> = new Set(['connect', 'reset', 'timeout']);
/** At most one question in this time, so that a tool that always times out does not keep its server out. */
const ALARM_EVERY_MS = 1000;

export class EndpointHealth implements CheckOwner {
  readonly #endpoint: Endpoint;
  readonly #owner: HealthOwner;
  readonly #checks: ActiveChecks;
  readonly #outlier: OutlierDetection;
  readonly #backoff: EjectionBackoff;
  readonly #silence: Silence;
  #endEjection: Unschedule | undefined = undefined;
  /** Monotonic ms at which the last ejection has lasted its time. */
  #outUntil = 0;
  /** The ejection has lasted its time: the next check decides. */
  #halfOpen = false;
  #alarmedAt = Number.NEGATIVE_INFINITY;

  /** `previous`: the health of this endpoint before a reload, which is about to stop. */
  constructor(endpoint: Endpoint, probe: Probe, owner: HealthOwner, previous?: EndpointHealth) {
    this.#endpoint = endpoint;
    this.#owner = owner;
    endpoint.suspect = false;
    this.#checks = new ActiveChecks(probe, owner.checks, this, !endpoint.unhealthy);
    const { consecutiveFailures } = owner.outlier;
    this.#silence = new Silence(owner.clock.now());
    if (previous === undefined) {
      this.#outlier = new OutlierDetection(consecutiveFailures);
      this.#backoff = new EjectionBackoff(owner.random);
      return;
    }
    this.#outlier = new OutlierDetection(consecutiveFailures, previous.#outlier);
    this.#backoff = previous.#backoff;
    // A check that passes says nothing of one that answers calls badly: only its time can, and a reload does not shorten it.
    this.#outUntil = previous.#outUntil;
    this.#halfOpen = previous.#halfOpen;
    if (endpoint.ejected && !this.#halfOpen) this.#openAt(this.#outUntil);
  }

  get outUntil(): number {
    return this.#outUntil;
  }

  get clock(): Clock {
    return this.#owner.clock;
  }

  get random(): () => number {
    return this.#owner.random;
  }

  get urgent(): boolean {
    return this.#owner.urgent;
  }

  /** Asks the endpoint at once how it is. */
  check(): void {
    this.#checks.checkNow();
  }

  /** An ejection need not last longer: the next check decides. */
  letBack(): void {
    if (this.#halfOpen) return;
    this.#endEjection?.();
    this.#halfOpen = true;
    this.#checks.checkNow();
  }

  stop(): void {
    this.#checks.stop();
    this.#endEjection?.();
  }

  /** Looks whether answers have stopped coming; nobody has looked for `sleptMs` beyond the usual time between two looks. */
  listen(now: number, sleptMs: number): void {
    this.#silence.slept(sleptMs);
    if (this.#silence.tooLong(this.#endpoint, now)) this.#suspect();
  }

  /** Takes note of an attempt's end; `kind` is what broke, if anything. */
  attempted(kind: FailureKind | undefined): void {
    const endpoint = this.#endpoint;
    if (kind === undefined) endpoint.reached = true;
    // What was sent before an ejection and ends after it tells nothing new.
    if (endpoint.ejected) return;
    const reason = this.#outlier.note(kind === undefined, this.#owner.clock.now());
    if (reason !== undefined && this.#owner.mayEject(this.#endpoint))
      this.#eject(reason, kind !== undefined && alarming.has(kind));
    if (kind !== undefined && alarming.has(kind)) this.#suspect();
  }

  checked(passed: boolean, healthy: boolean, changed: boolean, why: string | undefined): void {
    const endpoint = this.#endpoint;
    if (passed) endpoint.reached = true;
    const wasOut = endpoint.unhealthy || endpoint.ejected;
    endpoint.unhealthy = !healthy;
    if (passed) endpoint.suspect = false;
    if (changed && !healthy) {
      endpoint.suspect = false;
      return this.#owner.changed(endpoint, 'endpoint_unhealthy', why);
    }
    // A check that failed before and passes now shows that what was wrong is over, ejection or not; and where nobody
    // else is left, an outlier is better than nobody.
    if (endpoint.ejected && passed && healthy && (changed || this.#halfOpen || this.urgent)) this.#readmit();
    else if (endpoint.ejected && !passed && this.#halfOpen) this.#prolong();
    if (wasOut && !endpoint.unhealthy && !endpoint.ejected) {
      this.#owner.returned(endpoint);
      this.#owner.changed(endpoint, 'endpoint_available', undefined);
    } else this.#owner.changed(endpoint, undefined, undefined);
  }

  unasked(): void {
    if (!this.#endpoint.suspect) return;
    this.#endpoint.suspect = false;
    this.#owner.changed(this.#endpoint, undefined, undefined);
  }

  /** Takes the endpoint out for the moment that a check takes: calls lost to a dead process are worth the question. */
  #suspect(): void {
    const endpoint = this.#endpoint;
    const now = this.#owner.clock.now();
    if (endpoint.unhealthy || now - this.#alarmedAt < ALARM_EVERY_MS) return;
    this.#alarmedAt = now;
    if (this.#owner.canSpare(endpoint)) {
      endpoint.suspect = true;
      this.#owner.changed(endpoint, undefined, undefined);
    }
    this.#checks.checkNow();
  }

  /**
   * A check shows whether a process that left calls without an answer is there again, so that one is let back after the
   * time of a check; of one that answers badly only time can show it.
   */
  #eject(reason: string, silent: boolean): void {
    const { clock, outlier, checks } = this.#owner;
    const firstMs = silent ? Math.min(outlier.ejectionMs, checks.intervalMs) : outlier.ejectionMs;
    const lastsMs = this.#backoff.next(firstMs, clock.now());
    this.#endpoint.ejected = true;
    this.#outlier.clear();
    this.#openAt(clock.now() + lastsMs);
    this.#owner.changed(this.#endpoint, 'endpoint_ejected', reason);
  }

  #prolong(): void {
    this.#halfOpen = false;
    this.#openAt(this.clock.now() + this.#backoff.again());
  }

  #openAt(time: number): void {
    this.#outUntil = time;
    this.#endEjection = this.clock.after(time - this.clock.now(), () => this.letBack());
  }

  #readmit(): void {
    this.#endEjection?.();
    this.#endEjection = undefined;
    this.#halfOpen = false;
    this.#endpoint.ejected = false;
    this.#outlier.clear();
    this.#backoff.ended(this.#owner.clock.now());
  }
}
