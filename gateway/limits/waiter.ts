// Waiters: exchanges that wait for their turn, and end once: they go on, or are refused.
import type { Exchange, Running } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { clientGone } from '../core/refusal.ts';
import type { Waiting } from './fair-queue.ts';

/** Where a waiter waits. */
export interface WaitingRoom {
  /** Takes the waiter out; false when it is not in here any more. */
  delete(waiter: Waiter): boolean;
}

/** How long an exchange may wait, and what it is told then. */
export interface Patience {
  readonly timeoutMs: number;
  onTimeout(): Refusal;
}

/** A timeout that comes so late, in ms, shows that the process was stopped: what makes room may have come, and is not read yet. */
const LATE_MS = 200;
/** How long it is given to be read, in ms. */
const GRACE_MS = 50;

/** An exchange in a queue. While it waits it is in charge of the exchange: cancelled or left by its client, it leaves. */
export class Waiter implements Waiting, Running {
  readonly x: Exchange;
  readonly client: string;
  readonly since = performance.now();
  readonly #room: WaitingRoom;
  readonly #go: () => void;
  readonly #refused: (why: Refusal) => void;
  #timer: NodeJS.Timeout;

  constructor(
    x: Exchange,
    room: WaitingRoom,
    patience: Patience,
    go: () => void,
    refused: (why: Refusal) => void,
  ) {
    this.x = x;
    this.client = x.principal.id;
    this.#room = room;
    this.#go = go;
    this.#refused = refused;
    const end = () => this.cancel(patience.onTimeout());
    const onTime = () => {
      const lateMs = performance.now() - this.since - patience.timeoutMs;
      if (lateMs > LATE_MS) this.#timer = setTimeout(end, GRACE_MS);
      else end();
    };
    this.#timer = setTimeout(onTime, patience.timeoutMs);
    x.running = this;
  }

  /** It is its turn; whoever says so has taken it out of its room. */
  proceed(): void {
    this.#end();
    this.#go();
  }

  clientGone(): void {
    // Others wait for the answer that this call is to fetch.
    if (this.x.shared) return;
    this.cancel(clientGone);
  }

  /** Ends the wait with a no, unless it has ended. */
  cancel(why: Refusal): void {
    if (!this.#room.delete(this)) return;
    this.#end();
    this.#refused(why);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.x.running = undefined;
    this.x.queueMs += performance.now() - this.since;
  }
}
