// Dismissals: tells upstreams that sessions which the gateway has ended are over.
import type { Session } from '../core/session.ts';
import type { Pool } from './pool.ts';

/** Where a session is to end. */
type Upstream = Pick<Session, 'endpointId' | 'upstreamId'>;

/** Requests under way at once: a flood of sessions that end must not become a flood upstream. */
const AT_ONCE = 64;
/** Sessions that may wait for theirs; the upstream's own time ends what is beyond. */
const MAX_WAITING = 10_000;
const TIMEOUT_MS = 2000;

/** Ends sessions at their endpoints, a few at a time. Best effort: nobody waits for it and its failure changes nothing. */
export class Dismissals {
  readonly #pool: Pool;
  readonly #waiting: Upstream[] = [];
  #underWay = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
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
    this.#underWay--;
  }

  async #end({ endpointId, upstreamId }: Upstream): Promise<void> {
    const endpoint = this.#pool.endpoint(endpointId);
    if (endpoint === undefined || endpoint.unhealthy) return;
    const { body } = await this.#pool.ownSockets(endpoint).request({
      path: endpoint.path,
      method: 'DELETE',
      headers: ['mcp-session-id', upstreamId, ...this.#pool.headerRules.own],
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
  }
}
