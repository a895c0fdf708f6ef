// Discovery: asks the name of DNS endpoints again and again, and gives the pool the addresses that it stands for.
import { lookup } from 'node:dns/promises';
import type { Clock, Unschedule } from '../health/clock.ts';
import type { DnsEndpoint } from './endpoint-list.ts';

/** The addresses of a name; rejects when the resolver fails or knows none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** The system's resolver, which also knows the hosts file and search domains. */
export const systemResolve: Resolve = async (name) => {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
};

/** How soon a name is asked again that has not been answered yet, in ms. */
const FIRST_RETRY_MS = 1000;

export interface DiscoveryParts {
  readonly source: DnsEndpoint;
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly random: () => number;
  /** Why the name is known to have no address as yet; undefined where that is not known. */
  readonly away?: string | undefined;
  /** Takes the addresses of an answer. */
  found(addresses: readonly string[]): void;
  /** The resolver has begun to fail, or answers again. */
  tell(ok: boolean, why: string): void;
}

/** Follows one name; a resolver that fails changes nothing: the last good answer holds. */
export class Discovery {
  readonly #parts: DiscoveryParts;
  #unschedule: Unschedule | undefined = undefined;
  #stopped = false;
  #hasFound = false;
  #ok = true;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
    if (parts.away !== undefined) this.#note(false, parts.away);
    this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#unschedule?.();
  }

  #ask(): void {
    this.#parts.resolve(this.#parts.source.dns).then(
      (addresses) => this.#answered(addresses, 'no address'),
      (error: unknown) => this.#answered([], error instanceof Error ? error.message : String(error)),
    );
  }

  #answered(addresses: readonly string[], why: string): void {
    if (this.#stopped) return;
    const { clock, random, source, found } = this.#parts;
    const ok = addresses.length > 0;
    this.#note(ok, why);
    if (ok) {
      this.#hasFound = true;
      found([...new Set(addresses)].toSorted());
    }
    const delayMs = this.#hasFound ? source.refreshMs * (0.9 + 0.1 * random()) : FIRST_RETRY_MS;
    this.#unschedule = clock.after(delayMs, () => this.#ask());
  }

  #note(ok: boolean, why: string): void {
    if (ok !== this.#ok) this.#parts.tell(ok, why);
    this.#ok = ok;
  }
}
