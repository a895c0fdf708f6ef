// Notices: the gateway's own ears at the endpoints of a pool, for what servers say of changed lists.
import type { Endpoint } from '../core/endpoint.ts';
import type { Clock } from '../health/clock.ts';
import { systemClock } from '../health/clock.ts';
import type { OnNotice } from './ear.ts';
import { Ear } from './ear.ts';
import type { Pool } from './pool.ts';

/**
 * Listens on streams of its own: a client's stream may be the only one that its session has, and what it says is that
 * client's (MCP 2025-11-25, transports, "Listening for Messages from the Server").
 */
export class Notices {
  readonly #pool: Pool;
  readonly #onNotice: OnNotice;
  readonly #clock: Clock;
  readonly #ears = new Map<Endpoint, Ear>();
  #isLate = false;
  #state: 'idle' | 'listening' | 'closed' = 'idle';

  constructor(pool: Pool, onNotice: OnNotice, clock: Clock = systemClock) {
    this.#pool = pool;
    this.#clock = clock;
    this.#onNotice = onNotice;
  }

  /** Begins to listen, unless that has been done. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'listening';
    void this.follow();
  }

  /** As `start`, where something was kept before: each first stream tells, too, that some changes may have been missed. */
  resume(): void {
    this.#isLate = true;
    this.start();
  }

  /** Listens at exactly the endpoints that the pool has now, if it listens at all; resolves when it has left all others. */
  readonly follow = async (): Promise<void> => {
    if (this.#state !== 'listening') return;
    const { endpoints } = this.#pool;
    const closings: Promise<void>[] = [];
    for (const [endpoint, ear] of this.#ears) {
      if (endpoints.includes(endpoint)) continue;
      closings.push(ear.close());
      this.#ears.delete(endpoint);
    }
    for (const endpoint of endpoints) {
      if (this.#ears.has(endpoint)) continue;
      const ear = new Ear({
        pool: this.#pool,
        endpoint,
        onNotice: this.#onNotice,
        isLate: this.#isLate,
        clock: this.#clock,
      });
      this.#ears.set(endpoint, ear);
    }
    await Promise.all(closings);
  };

  /** Ends all streams at once, and the sessions that they were in within two seconds. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.all(Array.from(this.#ears.values(), (ear) => ear.close()));
  }
}
