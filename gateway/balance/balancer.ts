// The balancer: picks which endpoint takes an exchange that may go to any.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { LeastConnections } from './least-connections.ts';
import { PeakEwma } from './peak-ewma.ts';
import { PowerOfTwo } from './power-of-two.ts';
import { Rendezvous } from './rendezvous.ts';
import { RoundRobin } from './round-robin.ts';

/** Picks one of the available endpoints; undefined only when there is none. */
export interface Balancer {
  pick(available: readonly Endpoint[], x: Exchange): Endpoint | undefined;
}

export type BalancerName = keyof typeof balancers;

/** A number in [0, 1); a parameter so that tests can choose it. */
export type Random = () => number;

export const balancers = {
  least_connections: () => new LeastConnections(),
  round_robin: () => new RoundRobin(),
  power_of_two: (random: Random) => new PowerOfTwo(random),
  peak_ewma: (random: Random) => new PeakEwma(random),
  rendezvous: () => new Rendezvous(),
} as const satisfies Record<string, (random: Random) => Balancer>;
