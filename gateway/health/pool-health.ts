// A pool's health: watches its endpoints, and keeps what is taken out within bounds.
import type { Endpoint } from '../core/endpoint.ts';
import type { FailureKind } from '../core/failure.ts';
import type { CheckSettings } from './active-checks.ts';
import type { Clock, Unschedule } from './clock.ts';
import { maxEjected } from './ejection.ts';
import {
  EndpointHealth,
  type HealthEvent,
  type HealthOwner,
  type OutlierSettings,
} from './endpoint-health.ts';
import { SlowStart } from './slow-start.ts';

export interface HealthSettings {
  readonly checks: CheckSettings;
  readonly outlier: OutlierSettings;
}

/** The pool as its health sees it. */
export interface WatchedPool {
  /** The endpoints that are available now. */
  readonly available: readonly Endpoint[];
  /** To be called when none of them is left, whatever took the last one out. */
  emptied: (() => void) | undefined;
  /** An endpoint's state has changed. */
  refresh(): void;
}

export interface HealthParts {
  readonly pool: WatchedPool;
  readonly settings: HealthSettings;
  /** Asks an endpoint how it is; rejects when it is not well. */
  probe(endpoint: Endpoint, timeoutMs: number): Promise<void>;
  /** Told of each change that people should know of. */
  tell(endpoint: Endpoint, event: HealthEvent, why: string | undefined): void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** How often it is looked whether answers still come, in ms. */
const LISTEN_EVERY_MS = 100;

export class PoolHealth implements HealthOwner {
  readonly clock: Clock;
  readonly random: () => number;
  readonly checks: CheckSettings;
  readonly outlier: OutlierSettings;
  readonly #parts: HealthParts;
  readonly #slowStart: SlowStart;
  readonly #byEndpoint = new Map<Endpoint, EndpointHealth>();
  #listenedAt: number;
  #stopListening: Unschedule;

  constructor(parts: HealthParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.checks = parts.settings.checks;
    this.outlier = parts.settings.outlier;
    this.#parts = parts;
    parts.pool.emptied = () => this.#askAll();
    this.#slowStart = new SlowStart(parts.clock);
    this.#listenedAt = parts.clock.now();
    this.#stopListening = parts.clock.after(LISTEN_EVERY_MS, () => this.#listen());
  }

  get urgent(): boolean {
    return this.#parts.pool.available.length === 0;
  }

  /**
   * Watches exactly these endpoints: begins with those that are new, at once, and forgets those that have left. Of
   * `previous`, the health before a reload, which is about to stop, it takes over ejections and what is counted.
   */
  watch(endpoints: readonly Endpoint[], previous?: PoolHealth): void {
    for (const [endpoint, health] of this.#byEndpoint) {
      if (endpoints.includes(endpoint)) continue;
      health.stop();
      this.#slowStart.end(endpoint);
      this.#byEndpoint.delete(endpoint);
    }
    for (const endpoint of endpoints) {
      if (this.#byEndpoint.has(endpoint)) continue;
      const known = previous === undefined ? undefined : previous.#byEndpoint.get(endpoint);
      const health = new EndpointHealth(endpoint, (ms) => this.#parts.probe(endpoint, ms), this, known);
      this.#byEndpoint.set(endpoint, health);
      if (endpoint.ramp < 1) this.#slowStart.resume(endpoint);
      health.check();
    }
    this.#holdToBound();
    this.#parts.pool.refresh();
  }

  /** Takes note of an attempt's end; `kind` is what broke, if anything. */
  attempted(endpoint: Endpoint, kind: FailureKind | undefined): void {
    this.#byEndpoint.get(endpoint)?.attempted(kind);
  }

  stop(): void {
    for (const health of this.#byEndpoint.values()) health.stop();
    this.#byEndpoint.clear();
    this.#slowStart.stop();
    this.#stopListening();
  }

  mayEject(endpoint: Endpoint): boolean {
    return this.#ejected().length < this.#bound && this.canSpare(endpoint);
  }

  /** Whether others do its work: what is stateless has no use for servers that are known to want sessions. */
  canSpare(endpoint: Endpoint): boolean {
    const able = (other: Endpoint) => !endpoint.stateless || other.stateless !== false;
    return this.#parts.pool.available.some((other) => other !== endpoint && able(other));
  }

  changed(endpoint: Endpoint, event: HealthEvent | undefined, why: string | undefined): void {
    this.#parts.pool.refresh();
    if (event === undefined) return;
    endpoint.why = why;
    this.#parts.tell(endpoint, event, why);
  }

  returned(endpoint: Endpoint): void {
    this.#slowStart.begin(endpoint);
  }

  /** Callers are turned away from now on: whoever can come back should, at once. */
  #askAll(): void {
    for (const health of this.#byEndpoint.values()) health.check();
  }

  /** How many may be out at once. */
  get #bound(): number {
    return maxEjected(this.#byEndpoint.size, this.outlier.maxEjectedPercent);
  }

  #ejected(): EndpointHealth[] {
    return [...this.#byEndpoint].filter(([endpoint]) => endpoint.ejected).map(([, health]) => health);
  }

  /** Fewer endpoints, or another percentage, may leave more of them out than may be: the first to end need wait no longer. */
  #holdToBound(): void {
    const ejected = this.#ejected().toSorted((one, other) => one.outUntil - other.outUntil);
    for (const health of ejected.slice(0, Math.max(0, ejected.length - this.#bound))) health.letBack();
  }

  #listen(): void {
    const now = this.clock.now();
    const sleptMs = Math.max(0, now - this.#listenedAt - LISTEN_EVERY_MS);
    this.#listenedAt = now;
    for (const health of this.#byEndpoint.values()) health.listen(now, sleptMs);
    this.#stopListening = this.clock.after(LISTEN_EVERY_MS, () => this.#listen());
  }
}
