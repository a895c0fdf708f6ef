// Least connections: the endpoint with the fewest requests in flight for its weight.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * The search begins behind the endpoint picked last, so that equal loads take turns instead of herding on the first
 * (nginx's and HAProxy's least-connection modes rotate ties likewise).
 */
export class LeastConnections implements Balancer {
  #start = 0;

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    const count = available.length;
    let best = -1;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const at = (this.#start + i) % count;
      const endpoint = available[at] as Endpoint;
      const load = (endpoint.inFlight + 1) / endpoint.effectiveWeight;
      if (load < bestLoad) {
        best = at;
        bestLoad = load;
      }
    }
    this.#start = best + 1;
    return available[best];
  }
}
