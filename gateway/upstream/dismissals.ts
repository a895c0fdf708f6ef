// Dismissals: tells upstreams that sessions which the gateway has ended are over.
import type { Endpoint } from '../core/endpoint.ts';
import type { Session } from '../core/session.ts';
import { Link } from './link.ts';
import type { Pool } from './pool.ts';

/** Where a session is to end. */
type Upstream = Pick<Session, 'endpointId' | 'upstreamId'>;

/** Requests under way at once: a flood of sessions that end must not become a flood upstream. */
const AT_ONCE = 64;
/** Sessions that may wait for theirs; the upstream's own time ends what is beyond. */
const MAX_WAITING = 10_000;
const TIMEOUT_MS = 2000;
/** Endpoints that have left the configuration and are remembered, the last ones. */
const MAX_LEFT = 100;

/** Ends sessions at their endpoints, a few at a time. Best effort: nobody waits for it and its failure changes nothing. */
export class Dismissals {
  readonly #pool: Pool;
  readonly #waiting: Upstream[] = [];
  /** By id. A server that is no longer configured may live on for others, and keeps sessions that nobody ends. */
  readonly #left: ReadonlyMap<string, Endpoint>;
  /** To endpoints that have left, while there is something to say to them. */
  readonly #links = new Map<Endpoint, Link>();
  #underWay = 0;

  /** `previous`: those of the pool `before` this one, which a reload has replaced. */
  constructor(pool: Pool, previous?: Dismissals, before?: Pool) {
    this.#pool = pool;
    const known = [...(previous === undefined ? [] : previous.#left.values()), ...(before?.endpoints ?? [])];
    const left = known.filter(({ id }) => pool.endpoint(id) === undefined).slice(-MAX_LEFT);
    this.#left = new Map(left.map((endpoint) => [endpoint.id, endpoint]));
  }

  dismiss(session: Upstream): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(session);
    if (this.#underWay < AT_ONCE) void this.#work();
  }

  async #work(): Promise<void> {
    this.#underWay++;
    for (let session = this.#waiting.shift(); session !== undefined; session = this.#waiting.shift()) {
      await this.#end(session).catch(() => undefined);
    }
    if (--this.#underWay > 0) return;
    for (const link of this.#links.values()) void link.close();
    this.#links.clear();
  }

  async #end({ endpointId, upstreamId }: Upstream): Promise<void> {
    const present = this.#pool.endpoint(endpointId);
    const endpoint = present ?? this.#left.get(endpointId);
    if (endpoint === undefined || endpoint.unhealthy) return;
    const sockets = present === undefined ? this.#linkTo(endpoint).own : this.#pool.ownSockets(endpoint);
    // AbortSignal.timeout would keep all that belongs to the request until the time is over, however soon it is answered.
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), TIMEOUT_MS);
    try {
      const { body } = await sockets.request({
        path: endpoint.path,
        method: 'DELETE',
        headers: ['mcp-session-id', upstreamId, ...this.#pool.headerRules.own],
        signal: ending.signal,
      });
      await body.dump();
    } finally {
      clearTimeout(timer);
    }
  }

  #linkTo(endpoint: Endpoint): Link {
    let link = this.#links.get(endpoint);
    if (link === undefined) {
      link = new Link(endpoint, this.#pool.settings.sockets);
      this.#links.set(endpoint, link);
    }
    return link;
  }
}
