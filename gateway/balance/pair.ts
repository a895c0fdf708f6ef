// Pairs: two endpoints drawn at random by weight, and the choice between them.
import type { Endpoint } from '../core/endpoint.ts';

/** What an endpoint is owed, or owes, beyond this many requests is forgotten: who was away is not made to catch up. */
const MOST_OWED = 2;

/** The sum of the weights as they count now. */
export function weightOf(endpoints: readonly Endpoint[]): number {
  let sum = 0;
  for (const endpoint of endpoints) sum += endpoint.effectiveWeight;
  return sum;
}

/** The one of `among`, other than `without`, at which a walk over their weights has gone `way`. */
export function draw(
  among: readonly Endpoint[],
  way: number,
  without?: Endpoint | undefined,
): Endpoint | undefined {
  let left = way;
  let last: Endpoint | undefined;
  for (const endpoint of among) {
    if (endpoint === without) continue;
    last = endpoint;
    left -= endpoint.effectiveWeight;
    if (left < 0) break;
  }
  return last;
}

/**
 * Of two that were drawn, the one to take. Draws follow the weights, so the first may have it, unless load forbids; what
 * it lost in that way it is owed, and has the next time that neither is too loaded.
 */
export function choose(first: Endpoint, second: Endpoint, firstMay: boolean, secondMay: boolean): Endpoint {
  first.owed = Math.min(MOST_OWED, first.owed + 1);
  const takesSecond = !firstMay || (secondMay && second.owed > first.owed);
  const taken = takesSecond ? second : first;
  taken.owed = Math.max(-MOST_OWED, taken.owed - 1);
  return taken;
}
