// Power of two choices: two endpoints at random, the less loaded of them.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer, Random } from './balancer.ts';
import { choose, draw, weightOf } from './pair.ts';

/**
 * Where many gateways share the endpoints, each sees only its own load; choosing between two at random keeps them from
 * all picking the same "emptiest" one (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
 * Loads that differ by less than the request to be given count as equal, or light endpoints would have none.
 */
export class PowerOfTwo implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    const weight = weightOf(available);
    const a = draw(available, this.#random() * weight);
    if (a === undefined || available.length === 1) return a;
    const b = draw(available, this.#random() * (weight - a.effectiveWeight), a);
    return b === undefined ? a : choose(a, b, load(a, 0) < load(b, 1), load(b, 0) < load(a, 1));
  }
}

function load(endpoint: Endpoint, more: number): number {
  return (endpoint.inFlight + more) / endpoint.effectiveWeight;
}
