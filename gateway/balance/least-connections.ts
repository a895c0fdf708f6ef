// Least connections: the endpoint with the fewest requests in flight for its weight.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * The search begins at another endpoint each time, so that equal loads are spread instead of herding on the first
 * (nginx's and HAProxy's least-connection modes rotate ties likewise).
 */
export class LeastConnections implements Balancer {
  #start = 0;

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    const count = available.length;
    this.#start = (this.#start + 1) % (count || 1);
    let best: Endpoint | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const endpoint = available[(this.#start + i) % count] as Endpoint;
      const load = (endpoint.inFlight + 1) / endpoint.weight;
      if (load < bestLoad) {
        best = endpoint;
        bestLoad = load;
      }
    }
    return best;
  }
}
