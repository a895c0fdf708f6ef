// Peak EWMA: of two endpoints at random, the one where a request would wait least.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Balancer, Random } from './balancer.ts';
import { choose, draw, weightOf } from './pair.ts';

/** What a request in flight costs at an endpoint that has never answered: more than any measured wait. */
const UNKNOWN_MS = 1e9;

/**
 * Cost is latency times queue (Finagle, "Peak EWMA"). An endpoint not yet measured costs nothing while idle, so that it
 * gets measured, and more than any other while it owes its first answer, so that one which hangs draws no crowd. Costs
 * that differ by less than the request to be given count as equal: latencies vary, and weights are to be kept to.
 */
export class PeakEwma implements Balancer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(available: readonly Endpoint[], x: Exchange): Endpoint | undefined {
    const weight = weightOf(available);
    const a = draw(available, this.#random() * weight);
    if (a === undefined || available.length === 1) return a;
    const b = draw(available, this.#random() * (weight - a.effectiveWeight), a);
    if (b === undefined) return a;
    // The time of the answer itself, beside the queue: for both that of the heavier one, or light ones would seem slow.
    const own = 1 / Math.max(a.effectiveWeight, b.effectiveWeight);
    const msA = a.latencyAt(x.startedAt);
    const msB = b.latencyAt(x.startedAt);
    return choose(a, b, isNear(a, msA, b, msB, own), isNear(b, msB, a, msA, own));
  }
}

/** Whether `one` costs less as it is than `other` would with a request more. */
function isNear(one: Endpoint, oneMs: number, other: Endpoint, otherMs: number, own: number): boolean {
  const costs = cost(one, oneMs, 0, own);
  return costs === 0 || costs < cost(other, otherMs, 1, own);
}

function cost(endpoint: Endpoint, latencyMs: number, more: number, own: number): number {
  const { inFlight, effectiveWeight: weight } = endpoint;
  if (endpoint.latencyMs === 0) return (UNKNOWN_MS * inFlight) / weight;
  return latencyMs * ((inFlight + more) / weight + own);
}
