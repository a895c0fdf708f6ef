// Endpoint room: what calls do while every endpoint that could take them has as many as it may have.
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import { FairQueue } from './fair-queue.ts';
import { Waiter } from './waiter.ts';

/** Calls that may wait in one pool, whoever's they are. Each holds a slot of its client's, which bounds each client. */
const MAX_WAITING = 10_000;

/** The waiting room of a pool: fair between clients, whether a call may go anywhere or to one endpoint only. */
export class EndpointRoom {
  readonly #hasRoom: (x: Exchange) => boolean;
  readonly #timeoutMs: number;
  readonly #queue = new FairQueue<Waiter>();

  /** `hasRoom` says whether an endpoint could take an exchange now. */
  constructor(hasRoom: (x: Exchange) => boolean, timeoutMs: number) {
    this.#hasRoom = hasRoom;
    this.#timeoutMs = timeoutMs;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether `x` may go now. Streams are no load, and what a call in flight may be waiting for never waits for calls. */
  admits(x: Exchange): boolean {
    const { kind } = x.envelope;
    if (x.stream || (kind !== 'request' && kind !== 'batch')) return true;
    return this.#hasRoom(x);
  }

  /** Has `x` wait until `go`, which must take its place at an endpoint at once. */
  wait(x: Exchange, go: () => void, refused: (why: Refusal) => void): void {
    if (this.#queue.size >= MAX_WAITING) return refused(overloaded('Too many calls wait for this pool'));
    const timeoutMs = x.principal.policy?.queueTimeoutMs ?? this.#timeoutMs;
    const message = `All endpoints are at their limit, and none had room within ${timeoutMs} ms`;
    const patience = { timeoutMs, onTimeout: () => overloaded(message) };
    this.#queue.add(new Waiter(x, this.#queue, patience, go, refused));
  }

  /** Lets those go on for whom there is room. Call when a call has ended or an endpoint has come back. */
  serve(): void {
    while (this.#queue.size > 0) {
      const waiter = this.#queue.next((one) => this.#hasRoom(one.x));
      if (waiter === undefined) return;
      waiter.proceed();
    }
  }
}

function overloaded(message: string): Refusal {
  return refusal('overloaded', { message, retryAfterMs: 1000 });
}
