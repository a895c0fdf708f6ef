// Round robin: each endpoint in turn, by weight.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * Smooth weighted round robin (nginx, ngx_http_upstream_get_peer): every endpoint gains its weight, the richest is
 * picked and pays the sum; turns of a heavy endpoint are spread between the others'.
 */
export class RoundRobin implements Balancer {
  readonly #credit = new WeakMap<Endpoint, number>();

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    let best: Endpoint | undefined;
    let bestCredit = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (const endpoint of available) {
      const credit = (this.#credit.get(endpoint) ?? 0) + endpoint.effectiveWeight;
      this.#credit.set(endpoint, credit);
      sum += endpoint.effectiveWeight;
      if (credit > bestCredit) {
        best = endpoint;
        bestCredit = credit;
      }
    }
    if (best !== undefined) this.#credit.set(best, bestCredit - sum);
    return best;
  }
}
