// Pool watches: a pool together with what keeps an eye on it, from its making to its end.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { AttemptEnd } from '../core/failure.ts';
import { Failure } from '../core/failure.ts';
import { systemClock } from '../health/clock.ts';
import type { HealthEvent } from '../health/endpoint-health.ts';
import { PoolHealth } from '../health/pool-health.ts';
import type { Resolve } from './discovery.ts';
import { Discovery } from './discovery.ts';
import type { DnsEndpoint } from './endpoint-list.ts';
import type { Names } from './new-names.ts';
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
  readonly resolve: Resolve;
  /** Names that are known to have no address as yet, and why. */
  readonly away?: Names['away'];
}

/** Watches the endpoints of one pool from its start until it is closed. */
export class PoolWatch {
  /** Told whenever endpoints may have come or gone; each resolves when it needs no more the sockets of those that have gone. */
  readonly followers = new Set<() => Promise<void>>();
  readonly #pool: Pool;
  readonly #parts: WatchParts;
  readonly #probes: Probes;
  #health: PoolHealth | undefined = undefined;
  #discoveries: readonly Discovery[] = [];

  constructor(pool: Pool, parts: WatchParts) {
    this.#pool = pool;
    this.#parts = parts;
    this.#probes = new Probes(pool, pool.settings.health.path);
  }

  /**
   * Begins to watch, unless it does. `previous`, the watch before a reload, hands over what it knows and stops at this
   * moment: what two of them do to an endpoint that is in both of their pools, neither would undo.
   */
  start(previous?: PoolWatch): void {
    if (this.#health !== undefined) return;
    const { live, tell, tellShortage, tellResolver, resolve, away } = this.#parts;
    const { health, endpoints } = this.#pool.settings;
    this.#health = new PoolHealth({
      pool: this.#pool,
      settings: health,
      probe: (endpoint, timeoutMs) =>
        this.#probes.ask(endpoint, timeoutMs).catch((error: unknown) => {
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
    this.#health.watch(this.#pool.endpoints, previous === undefined ? undefined : previous.#health);
    if (previous !== undefined) previous.#stop();
    this.#discoveries = endpoints.flatMap((source) => {
      if ('url' in source) return [];
      const found = (addresses: readonly string[]) => this.#found(source, addresses);
      const told = (ok: boolean, why: string) => tellResolver(ok, source.dns, why);
      return [
        new Discovery({
          source,
          resolve,
          clock: systemClock,
          random: Math.random,
          away: away?.get(source.dns),
          found,
          tell: told,
        }),
      ];
    });
  }

  /** Takes note of an attempt's end. One that was abandoned says nothing of its endpoint, nor does a refused credential. */
  attempted(endpoint: Endpoint, end: AttemptEnd): void {
    if (end === 'answered') this.#health?.attempted(endpoint, undefined);
    else if (end instanceof Failure) {
      if (end.shortage !== undefined) this.#parts.tellShortage(end.shortage);
      if (end.isOutlier) this.#health?.attempted(endpoint, end.kind);
    }
  }

  /** Ends all checks; the sessions they were made in end before the pool's sockets may close. */
  async close(): Promise<void> {
    this.#stop();
    await this.#probes.close();
  }

  #stop(): void {
    for (const discovery of this.#discoveries) discovery.stop();
    this.#health?.stop();
  }

  #found(source: DnsEndpoint, addresses: readonly string[]): void {
    const pool = this.#pool;
    const gone = pool.resolve(source, addresses, systemClock.now());
    this.#health?.watch(pool.endpoints);
    const farewells = [
      ...Array.from(gone.keys(), (endpoint) => this.#probes.close(endpoint)),
      ...Array.from(this.followers, (follow) => follow()),
    ];
    // The sessions of the gateway's own end within two seconds, over these very sockets.
    void Promise.allSettled(farewells).then(() => {
      for (const link of gone.values()) void link.close();
    });
  }
}
