// Endpoint room: what calls do while every endpoint that could take them has as many as it may have.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import { awaitsAnswer } from '../mcp/envelope.ts';
import { FairQueue } from './fair-queue.ts';
import { Waiter } from './waiter.ts';

/** Calls that may wait in one pool, whoever's they are. Each holds a slot of its client's, which bounds each client. */
const MAX_WAITING = 10_000;

/** Whether `x` counts against what endpoints may have: streams do not, nor what a call in flight may be waiting for. */
export function isLoad({ stream, envelope }: Exchange): boolean {
  return !stream && awaitsAnswer(envelope);
}

/** Whether an endpoint could take an exchange now, leaving out those already tried. */
export type HasRoom = (x: Exchange, tried: readonly Endpoint[] | undefined) => boolean;

/**
 * The waiting room of a pool: fair between clients, whether a call may go anywhere or to one endpoint only. It outlives
 * reloads, as the calls do that it waits for.
 */
export class EndpointRoom {
  readonly #hasRoom: HasRoom;
  readonly #queue = new FairQueue<Guest>();

  constructor(hasRoom: HasRoom) {
    this.#hasRoom = hasRoom;
  }

  /** Whether `x` may go now; what is no load never waits for calls. */
  admits(x: Exchange, tried: readonly Endpoint[] | undefined): boolean {
    return !isLoad(x) || this.#hasRoom(x, tried);
  }

  /** Has `x` wait until `go`, which must take its place at an endpoint at once; `timeoutMs` unless its client has its own. */
  wait(
    x: Exchange,
    tried: readonly Endpoint[] | undefined,
    timeoutMs: number,
    go: () => void,
    refused: (why: Refusal) => void,
  ): void {
    if (this.#queue.size >= MAX_WAITING) return refused(overloaded('Too many calls wait for this pool'));
    const ms = x.principal.policy?.queueTimeoutMs ?? timeoutMs;
    const message = `All endpoints are at their limit, and none had room within ${ms} ms`;
    const patience = { timeoutMs: ms, onTimeout: () => overloaded(message) };
    const guest = new Guest(x, this.#queue, patience, go, refused);
    guest.tried = tried;
    this.#queue.add(guest);
  }

  /** Lets those go on for whom there is room. Call when a call has ended or an endpoint has come back. */
  serve(): void {
    while (this.#queue.size > 0) {
      const waiter = this.#queue.next((one) => this.#hasRoom(one.x, one.tried));
      if (waiter === undefined) return;
      waiter.proceed();
    }
  }
}

/** A waiter that has been at some endpoints in vain. */
class Guest extends Waiter {
  tried: readonly Endpoint[] | undefined = undefined;
}

function overloaded(message: string): Refusal {
  return refusal('overloaded', { message });
}
