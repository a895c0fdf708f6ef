// Body memory: how many bytes of requests each client, and all together, may have in the process at once.
import type { BodyMeter, Exchange } from '../core/exchange.ts';
import type { ClientPolicy } from '../core/principal.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import { tooMany } from './client-calls.ts';

/**
 * Bodies are read before their calls take slots, and are kept until these are answered. Only those are counted that have
 * not come whole with their head: they may take long to come, and be large.
 */
export class BodyMemory {
  readonly #clients = new Map<string, number>();
  #all = 0;

  /** Counts against the limits of `policy`, for clients without one, and `allBytes`; a body of `largest` always has room. */
  meter(policy: ClientPolicy, allBytes: number, largest: number): BodyMeter {
    const all = Math.max(allBytes, largest);
    return {
      take: (x, bytes) => {
        const own = Math.max((x.principal.policy ?? policy).bodyBytes, largest);
        return this.#take(x, bytes, own, all);
      },
    };
  }

  #take(x: Exchange, bytes: number, own: number, all: number): Refusal | undefined {
    const { id } = x.principal;
    const held = (this.#clients.get(id) ?? 0) + bytes;
    if (held > own) return tooMany(`At most ${own} bytes of requests at once from this client`);
    if (this.#all + bytes > all) {
      return refusal('overloaded', { message: 'Too many large requests at once' });
    }
    if (x.bodyBytes === 0) x.defer(this.#release);
    x.bodyBytes += bytes;
    this.#clients.set(id, held);
    this.#all += bytes;
    return undefined;
  }

  readonly #release = ({ principal, bodyBytes }: Exchange): void => {
    this.#all -= bodyBytes;
    const left = (this.#clients.get(principal.id) ?? 0) - bodyBytes;
    if (left > 0) this.#clients.set(principal.id, left);
    else this.#clients.delete(principal.id);
  };
}
