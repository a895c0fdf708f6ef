// Rendezvous hashing: the same client goes to the same endpoint as long as that endpoint is there.
import { hash } from 'node:crypto';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Balancer } from './balancer.ts';

/**
 * Highest random weight (Thaler and Ravishankar, 1996; weighted after Mosharaf and others): when an endpoint goes, only
 * its own clients move.
 */
export class Rendezvous implements Balancer {
  pick(available: readonly Endpoint[], x: Exchange): Endpoint | undefined {
    return highest(available, x.principal.id);
  }
}

/** The endpoint that scores highest for `key`. */
export function highest(available: readonly Endpoint[], key: string): Endpoint | undefined {
  let best: Endpoint | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const endpoint of available) {
    const score = -endpoint.effectiveWeight / Math.log(unit(`${endpoint.id}\n${key}`));
    if (score > bestScore) {
      best = endpoint;
      bestScore = score;
    }
  }
  return best;
}

/** A number in (0, 1) from a text, evenly spread. */
function unit(text: string): number {
  return (Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16) + 0.5) / 2 ** 48;
}
