// Pool watches: a pool together with what keeps an eye on it, from its making to its end.
import type { Endpoint } from '../core/endpoint.ts';
import { Failure } from '../core/failure.ts';
import { systemClock } from '../health/clock.ts';
import type { HealthEvent } from '../health/endpoint-health.ts';
import { PoolHealth } from '../health/pool-health.ts';
import type { AttemptEnd } from './attempt-owner.ts';
import type { Pool } from './pool.ts';
import { Probes } from './probe.ts';

/** Told of each change of an endpoint that people should know of. */
export type TellHealth = (endpoint: Endpoint, event: HealthEvent, why: string | undefined) => void;

/** Watches the endpoints of one pool until it is closed. */
export class PoolWatch {
  readonly #probes: Probes;
  readonly #health: PoolHealth;

  constructor(pool: Pool, tell: TellHealth) {
    const { health } = pool.settings;
    const probes = new Probes(pool, health.path);
    this.#probes = probes;
    this.#health = new PoolHealth({
      pool,
      settings: health,
      probe: (endpoint, timeoutMs) => probes.ask(endpoint, timeoutMs),
      tell,
      clock: systemClock,
      random: Math.random,
    });
    this.#health.watch(pool.endpoints);
  }

  /** Takes note of an attempt's end. One that was abandoned says nothing of its endpoint, nor does a refused credential. */
  attempted(endpoint: Endpoint, end: AttemptEnd): void {
    if (end === 'answered') this.#health.attempted(endpoint, undefined);
    else if (end instanceof Failure && end.isOutlier) this.#health.attempted(endpoint, end.kind);
  }

  /** Ends all checks; the sessions they were made in end before the pool's sockets may close. */
  async close(): Promise<void> {
    this.#health.stop();
    await this.#probes.close();
  }
}
