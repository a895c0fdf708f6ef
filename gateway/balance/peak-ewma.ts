// Peak EWMA: of two endpoints at random, the one where a request would wait least.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer, Random } from './balancer.ts';
import { twoOf } from './power-of-two.ts';

/** Cost is latency times queue (Finagle, "Peak EWMA"); an endpoint not yet measured costs nothing, so it gets measured. */
export class PeakEwma implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    const [a, b] = twoOf(available, this.#random);
    if (a === undefined || b === undefined) return a;
    return cost(b) < cost(a) ? b : a;
  }
}

function cost(endpoint: Endpoint): number {
  return (endpoint.latencyMs * (endpoint.inFlight + 1)) / endpoint.weight;
}
