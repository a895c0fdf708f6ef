// Pool watches: a pool together with what keeps an eye on it, from its making to its end.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import { systemClock } from '../health/clock.ts';
import type { HealthEvent } from '../health/endpoint-health.ts';
import { PoolHealth } from '../health/pool-health.ts';
import type { AttemptEnd } from './attempt-owner.ts';
import type { Resolve } from './discovery.ts';
import { Discovery, systemResolve } from './discovery.ts';
import type { DnsEndpoint } from './endpoint-list.ts';
import type { Pool } from './pool.ts';
import { Probes } from './probe.ts';

/** Told of each change of an endpoint that people should know of. */
export type TellHealth = (endpoint: Endpoint, event: HealthEvent, why: string | undefined) => void;

export interface WatchParts {
  /** Exchanges under way: those that an endpoint found dead owes an answer go elsewhere where that does no harm. */
  readonly live: Iterable<Exchange>;
  readonly tell: TellHealth;
  /** An attempt or a check could not be made for want of something on this machine; told each time. */
  readonly tellShortage: (code: string) => void;
  /** A resolver has begun to fail, or answers again. */
  readonly tellResolver: (ok: boolean, name: string, why: string) => void;
  readonly resolve?: Resolve;
}

/** Watches the endpoints of one pool until it is closed. */
export class PoolWatch {
  readonly #probes: Probes;
  readonly #health: PoolHealth;
  readonly #discoveries: readonly Discovery[];
  readonly #tellShortage: (code: string) => void;

  constructor(pool: Pool, { live, tell, tellShortage, tellResolver, resolve = systemResolve }: WatchParts) {
    const { health } = pool.settings;
    const probes = new Probes(pool, health.path);
    this.#probes = probes;
    this.#tellShortage = tellShortage;
    this.#health = new PoolHealth({
      pool,
      settings: health,
      probe: (endpoint, timeoutMs) =>
        probes.ask(endpoint, timeoutMs).catch((error: unknown) => {
          if (error instanceof Failure && error.shortage !== undefined) tellShortage(error.shortage);
          throw error;
        }),
      tell(endpoint, event, why) {
        tell(endpoint, event, why);
        if (event === 'endpoint_unhealthy') for (const x of live) x.running?.leave?.(endpoint);
      },
      clock: systemClock,
      random: Math.random,
    });
    this.#health.watch(pool.endpoints);
    this.#discoveries = pool.settings.endpoints.flatMap((source) => {
      if ('url' in source) return [];
      const found = (addresses: readonly string[]) => this.#found(pool, source, addresses);
      const told = (ok: boolean, why: string) => tellResolver(ok, source.dns, why);
      return [new Discovery({ source, resolve, clock: systemClock, random: Math.random, found, tell: told })];
    });
  }

  /** Takes note of an attempt's end. One that was abandoned says nothing of its endpoint, nor does a refused credential. */
  attempted(endpoint: Endpoint, end: AttemptEnd): void {
    if (end === 'answered') this.#health.attempted(endpoint, undefined);
    else if (end instanceof Failure) {
      if (end.shortage !== undefined) this.#tellShortage(end.shortage);
      if (end.isOutlier) this.#health.attempted(endpoint, end.kind);
    }
  }

  /** Ends all checks; the sessions they were made in end before the pool's sockets may close. */
  async close(): Promise<void> {
    for (const discovery of this.#discoveries) discovery.stop();
    this.#health.stop();
    await this.#probes.close();
  }

  #found(pool: Pool, source: DnsEndpoint, addresses: readonly string[]): void {
    const before = pool.endpoints;
    pool.resolve(source, addresses, systemClock.now());
    this.#health.watch(pool.endpoints);
    for (const endpoint of before) {
      if (!pool.endpoints.includes(endpoint)) void this.#probes.close(endpoint);
    }
  }
}
