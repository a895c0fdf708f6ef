// Peak EWMA: of two endpoints at random, the one where a request would wait least.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Balancer, Random } from './balancer.ts';
import { twoOf } from './power-of-two.ts';

/** What a request in flight costs at an endpoint that has never answered: more than any measured wait. */
const UNKNOWN_MS = 1e9;

/**
 * Cost is latency times queue (Finagle, "Peak EWMA"). An endpoint not yet measured costs nothing while idle, so that it
 * gets measured, and more than any other while it owes its first answer, so that one which hangs draws no crowd.
 */
export class PeakEwma implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(available: readonly Endpoint[], x: Exchange): Endpoint | undefined {
    const [a, b] = twoOf(available, this.#random);
    if (a === undefined || b === undefined) return a;
    return cost(b, x.startedAt) < cost(a, x.startedAt) ? b : a;
  }
}

function cost(endpoint: Endpoint, now: number): number {
  const { inFlight, effectiveWeight: weight } = endpoint;
  if (endpoint.latencyMs === 0) return (UNKNOWN_MS * inFlight) / weight;
  return (endpoint.latencyAt(now) * (inFlight + 1)) / weight;
}
