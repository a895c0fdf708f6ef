// Endpoints: one upstream address each, with the live figures that balancers and health go by.

/** Whether an endpoint may be given work, and if not, why. */
export type EndpointState = 'available' | 'unhealthy' | 'ejected' | 'draining';

/** One server address of a pool. Its live state outlives a reload of the configuration. */
export class Endpoint {
  /** Stable over restarts and the order of the file: derived from the pool's name and the URL. */
  readonly id: string;
  readonly pool: string;
  readonly url: string;
  readonly origin: string;
  /** Path and query of the MCP endpoint. */
  readonly path: string;
  weight: number;
  state: EndpointState = 'available';
  /** Requests accepted and not yet answered to the last byte. */
  inFlight = 0;
  /** Long-lived streams (GET, `subscriptions/listen`), which do not count as load. */
  streams = 0;
  /** Moving average of the time to the first answer byte, in ms; 0 until measured. */
  latencyMs = 0;

  constructor(id: string, pool: string, url: string, weight: number) {
    const parsed = new URL(url);
    this.id = id;
    this.pool = pool;
    this.url = url;
    this.origin = parsed.origin;
    this.path = parsed.pathname + parsed.search;
    this.weight = weight;
  }
}
