// Single-flight: of the exchanges that want the same answer at the same time one fetches it, and the others wait for it.
import type { Exchange, Running } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { clientGone } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { ResultForm } from '../mcp/eras/era.ts';
import type { CacheEntry } from './store.ts';

/** What becomes of an exchange that has waited. */
export interface Waiter {
  readonly x: Exchange;
  /** The answer is there; with `form` it is only for those whose results have that form. */
  serve(entry: CacheEntry, form: ResultForm | undefined): Reply | Promise<Reply>;
  /** There is none: this one fetches, and leads those that still wait. */
  lead(flight: Flight): Promise<Reply>;
  /** There is none: this one fetches for itself. */
  alone(): Promise<Reply>;
}

/** One fetch, its leader, and those who wait for it. */
export class Flight {
  /** The purge clock when the fetch began. */
  since = 0;
  /** Its place among the flights; empty for one that nobody can join. */
  key = '';
  next: Flight | undefined = undefined;
  /** Most flights are joined by nobody. */
  #waiting: Set<Waiting> | undefined = undefined;
  readonly #failures: number;
  #leader: Exchange | undefined = undefined;

  /** `failures`: how many fetches have failed those who wait. */
  constructor(failures = 0) {
    this.#failures = failures;
  }

  /** Others wait for its answer. */
  get awaited(): boolean {
    return this.#waiting !== undefined && this.#waiting.size > 0;
  }

  /** `x` fetches from now on; its client's leaving ends nothing while others wait. */
  begin(x: Exchange, since: number): void {
    this.#leader = x;
    this.since = since;
    x.shared = this.awaited;
  }

  /** Waits for the answer, within the time that the waiting exchange has. */
  join(waiter: Waiter): Promise<Reply> {
    const { x } = waiter;
    if (x.givenUp !== undefined) return Promise.resolve(x.refuse(x.givenUp));
    return new Promise((resolve) => this.#add(new Waiting(waiter, resolve)));
  }

  /** The answer is there: all who wait get it, or with `form` those whose results have that form. */
  settle(entry: CacheEntry, form?: ResultForm): void {
    for (const waiting of this.#end()) waiting.resolve(waiting.waiter.serve(entry, form));
  }

  /**
   * The fetch has failed. One of those who wait fetches anew and leads the rest; with each further failure twice as many go
   * at once, so that neither a sick upstream is stormed nor anyone waits for ever.
   */
  fail(): void {
    const [first, ...others] = this.#end();
    if (first === undefined) return;
    const alone = others.splice(0, 2 ** this.#failures - 1);
    const next = new Flight(this.#failures + 1);
    for (const other of others) next.#add(other);
    first.resolve(first.waiter.lead(next));
    for (const one of alone) one.resolve(one.waiter.alone());
  }

  /** There is an answer, but none that others may have, and the next one would be no other: nobody waits any more. */
  disperse(): void {
    for (const waiting of this.#end()) waiting.resolve(waiting.waiter.alone());
  }

  /** `waiting` has been given up, and is answered with `reply`. */
  leave(waiting: Waiting, reply: Reply): void {
    if (this.#waiting?.delete(waiting)) waiting.resolve(reply);
    if (!this.awaited) this.#leader?.unshare();
  }

  #add(waiting: Waiting): void {
    waiting.flight = this;
    waiting.waiter.x.running = waiting;
    this.#waiting ??= new Set();
    this.#waiting.add(waiting);
    if (this.#leader !== undefined) this.#leader.shared = true;
  }

  #end(): readonly Waiting[] {
    this.#leader = undefined;
    if (this.#waiting === undefined) return nobody;
    const waiting = [...this.#waiting];
    this.#waiting = undefined;
    for (const { waiter } of waiting) waiter.x.running = undefined;
    return waiting;
  }
}

/** One of those who wait. While it does it is in charge of its exchange: cancelled or left by its client, it leaves. */
class Waiting implements Running {
  readonly waiter: Waiter;
  readonly resolve: (reply: Reply | Promise<Reply>) => void;
  /** What it waits for; another one after a fetch that has failed. */
  flight: Flight | undefined = undefined;

  constructor(waiter: Waiter, resolve: (reply: Reply | Promise<Reply>) => void) {
    this.waiter = waiter;
    this.resolve = resolve;
  }

  cancel(why: Refusal): void {
    this.flight?.leave(this, this.waiter.x.refuse(why));
  }

  clientGone(): void {
    this.cancel(clientGone);
  }
}

const nobody: readonly Waiting[] = [];
