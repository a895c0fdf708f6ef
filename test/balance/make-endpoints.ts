// Endpoints with given figures, and chance as told.
import fc from 'fast-check';
import type { Balancer } from '../../gateway/balance/balancer.ts';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { makeExchange } from '../core/make-exchange.ts';

/** What of an endpoint balancers go by. */
export interface Figures {
  weight?: number;
  inFlight?: number;
  latencyMs?: number;
}

/** Endpoints e0, e1, … with these figures. */
export function endpoints(...figures: Figures[]): Endpoint[] {
  return figures.map(({ weight = 1, ...live }, i) => {
    const endpoint = new Endpoint(`e${i}`, 'p', `http://10.0.0.${i + 1}/mcp`, weight);
    return Object.assign(endpoint, live);
  });
}

/** Chance as told: the given numbers in turn. */
export function told(...numbers: number[]): () => number {
  let i = 0;
  return () => numbers[i++ % numbers.length] as number;
}

/** An exchange of this client. */
export function from(client: string): Exchange {
  return makeExchange(undefined, { client });
}

/** How often each endpoint is picked; `hold` leaves each request in flight. */
export function spread(
  balancer: Balancer,
  among: readonly Endpoint[],
  picks: number,
  hold = false,
): number[] {
  const counts = new Map(among.map((endpoint) => [endpoint, 0]));
  for (let i = 0; i < picks; i++) {
    const picked = balancer.pick(among, from(`client ${i}`)) as Endpoint;
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
    if (hold) picked.inFlight++;
  }
  return [...counts.values()];
}

/** Figures of one to eight endpoints. */
export const figures = fc.array(
  fc.record({
    weight: fc.integer({ min: 1, max: 10 }),
    inFlight: fc.nat(50),
    latencyMs: fc.constantFrom(0, 1, 20, 500),
  }),
  { minLength: 1, maxLength: 8 },
);
