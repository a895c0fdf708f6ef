// Power of two choices: two endpoints at random, the less loaded of them.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer, Random } from './balancer.ts';

/**
 * Where many gateways share the endpoints, each sees only its own load; choosing between two at random keeps them from
 * all picking the same "emptiest" one (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
 */
export class PowerOfTwo implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(available: readonly Endpoint[]): Endpoint | undefined {
    const [a, b] = twoOf(available, this.#random);
    if (a === undefined || b === undefined) return a;
    return load(b) < load(a) ? b : a;
  }
}

function load(endpoint: Endpoint): number {
  return (endpoint.inFlight + 1) / endpoint.effectiveWeight;
}

/** Two different endpoints at random; the second is undefined when there is but one. */
export function twoOf(
  available: readonly Endpoint[],
  random: Random,
): readonly [Endpoint | undefined, Endpoint | undefined] {
  const count = available.length;
  if (count < 2) return [available[0], undefined];
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  return [available[first], available[second]];
}
