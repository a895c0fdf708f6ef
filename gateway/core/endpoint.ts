// Endpoints: one upstream address each, with the live figures that balancers and health go by.

/** Time in which a measured latency loses about two thirds of its weight, as Finagle's peak EWMA has it. */
const LATENCY_DECAY_MS = 10_000;

/** Whether an endpoint may be given work, and if not, why. */
export type EndpointState = 'available' | 'unhealthy' | 'ejected' | 'draining';

/** One server address of a pool. Its live state outlives a reload of the configuration. */
export class Endpoint {
  /** Stable over restarts and the order of the file: derived from the pool's name and the URL. */
  readonly id: string;
  readonly pool: string;
  readonly url: string;
  readonly origin: string;
  /** Host of the URL, an IPv6 address without its brackets. */
  readonly hostname: string;
  /** Path and query of the MCP endpoint. */
  readonly path: string;
  /** Its name in logs and metrics: the URL without user information and query, which may hold secrets. */
  readonly label: string;
  /** The DNS name of which this is one address; undefined where the URL says all. */
  readonly name: string | undefined;
  weight: number;
  /** Monotonic ms at which its name no longer stood for it; undefined while it belongs. */
  leftAt: number | undefined = undefined;
  /** An operator takes it out: no new sessions and no unpinned calls, while sessions that it holds go on. */
  draining = false;
  /** Active checks fail. */
  unhealthy = false;
  /** A call has just been lost to it, and it is being asked whether it is there at all. */
  suspect = false;
  /** Its own attempts fail more than those of the others: out for a time. */
  ejected = false;
  /** Whether it has ever answered this process. */
  reached = false;
  /** Whether it speaks the stateless era, as configured or as checks have found; undefined until either says so. */
  stateless: boolean | undefined = undefined;
  /** The share of its weight that it is given: below 1 for a while after a failure. */
  ramp = 1;
  /** Why it is in its state, for people; undefined where the state says it all. */
  why: string | undefined = undefined;
  /** Ms since the epoch at which its state last changed; at first, when it came into the configuration. */
  changedAt = Date.now();
  #noted: EndpointState = 'available';
  /** Requests accepted and not yet answered to the last byte. */
  inFlight = 0;
  /** Requests of its share by weight that balancers have not given it yet; below 0 when it has had more. */
  owed = 0;
  /** Long-lived streams (GET, `subscriptions/listen`), which do not count as load. */
  streams = 0;
  /** Peak-sensitive moving average of the time to the first answer byte, in ms; 0 until measured. */
  latencyMs = 0;
  /** Monotonic ms at which `latencyMs` was last measured. */
  measuredAt = 0;

  constructor(id: string, pool: string, url: string, weight: number, name?: string) {
    const parsed = new URL(url);
    this.id = id;
    this.pool = pool;
    this.url = url;
    this.origin = parsed.origin;
    this.hostname = parsed.hostname.replace(/^\[|\]$/g, '');
    this.path = parsed.pathname + parsed.search;
    this.label = parsed.origin + parsed.pathname;
    this.weight = weight;
    this.name = name;
  }

  /** Takes a measurement in: a slower one counts at once and in full, faster ones by the time since the last. */
  noteLatency(tookMs: number, now: number): void {
    const kept = Math.exp((this.measuredAt - now) / LATENCY_DECAY_MS);
    const average = this.latencyMs * kept + tookMs * (1 - kept);
    this.latencyMs = this.latencyMs === 0 ? tookMs : Math.max(tookMs, average);
    this.measuredAt = now;
  }

  /** `latencyMs` as it counts now: it fades, or an endpoint that was slow once would never be tried again. */
  latencyAt(now: number): number {
    return this.latencyMs * Math.exp(Math.min(0, this.measuredAt - now) / LATENCY_DECAY_MS);
  }

  /** Takes note of the time where the state is another than last time. */
  noteState(now: number): void {
    if (this.state === this.#noted) return;
    this.#noted = this.state;
    this.changedAt = now;
  }

  get state(): EndpointState {
    if (this.draining || this.leftAt !== undefined) return 'draining';
    if (this.unhealthy) return 'unhealthy';
    return this.ejected ? 'ejected' : 'available';
  }

  /** Whether new work may go to it. */
  get takesCalls(): boolean {
    return this.state === 'available' && !this.suspect;
  }

  /** Its weight as it counts now. */
  get effectiveWeight(): number {
    return this.weight * this.ramp;
  }
}
