// Least connections: of the endpoints with the fewest requests in flight for their weight, the one whose turn it is.
import type { Endpoint } from '../core/endpoint.ts';
import type { Balancer } from './balancer.ts';

/** What an endpoint is owed, or owes, beyond this many requests is forgotten: who was away is not made to catch up. */
const MOST_OWED = 1;

/**
 * Loads are near where they differ by less than the request to be given: those take turns by weight, for with few
 * requests in flight loads alone would leave light endpoints with none. Turns are those of smooth weighted round robin
 * (nginx, ngx_http_upstream_get_peer); an endpoint too loaded to be near keeps its turn, but gains no second one, or a
 * slow one would be given a request whenever it has ended one.
 */
export class LeastConnections implements Balancer {
  pick(available: readonly Endpoint[]): Endpoint | undefined {
    let weights = 0;
    let allOwed = 0;
    let leastWithOneMore = Number.POSITIVE_INFINITY;
    for (const endpoint of available) {
      const weight = endpoint.effectiveWeight;
      weights += weight;
      allOwed += endpoint.owed;
      leastWithOneMore = Math.min(leastWithOneMore, (endpoint.inFlight + 1) / weight);
    }
    const mean = allOwed / available.length;
    let best: Endpoint | undefined;
    let gained = 0;
    for (const endpoint of available) {
      const weight = endpoint.effectiveWeight;
      const share = weight / weights;
      const isNear = endpoint.inFlight / weight < leastWithOneMore;
      const most = mean + (isNear ? MOST_OWED : share);
      const owed = Math.max(mean - MOST_OWED, Math.min(most, endpoint.owed + share));
      gained += owed - endpoint.owed;
      endpoint.owed = owed;
      if (isNear && (best === undefined || owed > best.owed)) best = endpoint;
    }
    if (best !== undefined) best.owed -= gained;
    return best;
  }
}
