// Probes: ask an endpoint how it is, in MCP as long as nobody configures otherwise.
import type { Endpoint } from '../core/endpoint.ts';
import { checkFailure } from './connection-failure.ts';
import { OwnClient } from './own-client.ts';
import type { OwnAnswer } from './own-reply.ts';
import type { Pool } from './pool.ts';

/** The probes of one pool: a conversation with each endpoint, begun at its first check. */
export class Probes {
  readonly #pool: Pool;
  readonly #path: string | undefined;
  readonly #clients = new Map<Endpoint, OwnClient>();

  /** `path`: asked with a plain GET instead of in MCP. */
  constructor(pool: Pool, path: string | undefined) {
    this.#pool = pool;
    this.#path = path;
  }

  /** Rejects when the endpoint does not answer within `timeoutMs`, or not as one that works. */
  async ask(endpoint: Endpoint, timeoutMs: number): Promise<void> {
    try {
      if (this.#path === undefined) await this.#askMcp(endpoint, timeoutMs);
      else await this.#get(endpoint, this.#path, timeoutMs);
    } catch (error) {
      throw error instanceof Error ? checkFailure(error) : error;
    }
  }

  /** Ends the conversation with an endpoint, or with all, so that no session of ours stays behind. */
  async close(endpoint?: Endpoint): Promise<void> {
    const leaving = endpoint === undefined ? [...this.#clients.keys()] : [endpoint];
    const clients = leaving.flatMap((one) => this.#clients.get(one) ?? []);
    for (const one of leaving) this.#clients.delete(one);
    await Promise.allSettled(clients.map((client) => client.close()));
  }

  async #askMcp(endpoint: Endpoint, timeoutMs: number): Promise<void> {
    const known = this.#clients.get(endpoint);
    const client = known ?? new OwnClient(this.#pool, endpoint);
    if (known === undefined) this.#clients.set(endpoint, client);
    // It gets no stateless work while others of the pool do it: in an upgrade it may be the next to change.
    if (endpoint.stateless === false && this.#pool.endpoints.some((other) => other.stateless)) client.doubt();
    const answer = await client.ping(timeoutMs);
    const { stateless } = client;
    if (stateless !== undefined && stateless !== endpoint.stateless) {
      endpoint.stateless = stateless;
      this.#pool.refresh();
    }
    if (!isAlive(answer)) throw new Error(`answered ${answer.status} without an MCP message`);
  }

  async #get(endpoint: Endpoint, path: string, timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = [...this.#pool.headerRules.own];
    const answer = await this.#pool.ownSockets(endpoint).request({ path, method: 'GET', headers, signal });
    await answer.body.dump();
    if (answer.statusCode < 200 || answer.statusCode > 299)
      throw new Error(`answered ${answer.statusCode} to GET ${path}`);
  }
}

/** An error message is an answer too; so is the wish for a credential that only clients have, or for fewer requests. */
export function isAlive({ status, result, errorCode }: OwnAnswer): boolean {
  if (status === 401 || status === 403 || status === 429) return true;
  return status < 500 && (result !== undefined || errorCode !== undefined);
}
