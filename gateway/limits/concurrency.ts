// Concurrency: how many calls each client may have in flight, how many may wait, and how many streams it may hold.
import type { Exchange } from '../core/exchange.ts';
import type { ClientPolicy } from '../core/principal.ts';
import type { Refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { awaitsAnswer } from '../mcp/envelope.ts';
import { ClientCalls, queueFull, tooMany } from './client-calls.ts';
import type { FleetSlots } from './fleet-slots.ts';
import { Waiter } from './waiter.ts';

/** Messages without a slot that one client may have under way: more than any honest client has. */
const ASIDES_PER_SLOT = 4;
const MIN_ASIDES = 100;
/** Clients remembered before the idle ones are forgotten: a map that changes with every call costs more than its entries. */
const MANY_CLIENTS = 10_000;

/** The calls of all clients, over all routes. */
export class Concurrency {
  /** Undefined where this gateway counts alone. */
  fleet: FleetSlots | undefined = undefined;
  readonly #waited: (ms: number) => void;
  readonly #clients = new Map<string, ClientCalls>();
  #sweepAt = MANY_CLIENTS;

  /** `waited` is told how long each call waited that had to. */
  constructor(waited: (ms: number) => void) {
    this.#waited = waited;
  }

  /**
   * The stage; `policy` is that of clients whom the configuration does not name. Answers and notifications take no slot: a
   * call that is in flight may wait for them. In the uncontended path it makes no promise and no closure; slots come back
   * by `#release` at the exchange's end.
   */
  stage(policy: ClientPolicy): Stage {
    return (next) => (x) => {
      const calls = this.#callsOf(x, policy);
      if (x.stream) return this.#stream(x, next, calls);
      if (!awaitsAnswer(x.envelope)) return this.#aside(x, next, calls);
      if (!calls.takeNow(x)) return this.#queue(x, next, calls);
      x.defer(this.#release);
      return next(x);
    };
  }

  /** Gives the slots of a call that its client has cancelled, and that has been sent, back before its end. */
  readonly free = (x: Exchange): void => this.#clients.get(x.principal.id)?.free(x);

  /** Calls that wait, by client. */
  *depths(): Iterable<readonly [client: string, count: number]> {
    for (const { id, waiting } of this.#clients.values()) if (waiting.size > 0) yield [id, waiting.size];
  }

  /** Slots in use, by client: what the fleet is told. */
  *held(): Iterable<readonly [client: string, count: number]> {
    for (const { id, inFlight } of this.#clients.values()) if (inFlight > 0) yield [id, inFlight];
  }

  readonly #release = (x: Exchange): void => {
    const calls = this.#clients.get(x.principal.id) as ClientCalls;
    calls.end(x);
  };

  readonly #releaseStream = (x: Exchange): void => {
    const calls = this.#clients.get(x.principal.id) as ClientCalls;
    calls.streams--;
  };

  readonly #releaseAside = (x: Exchange): void => {
    const calls = this.#clients.get(x.principal.id) as ClientCalls;
    calls.asides--;
  };

  #callsOf({ principal }: Exchange, general: ClientPolicy): ClientCalls {
    const policy = principal.policy ?? general;
    let calls = this.#clients.get(principal.id);
    if (calls === undefined) {
      if (this.#clients.size >= this.#sweepAt) this.#sweep();
      calls = new ClientCalls(principal.id, policy, this);
      this.#clients.set(principal.id, calls);
    } else calls.policy = policy;
    return calls;
  }

  /** There may be as many clients as there are addresses. */
  #sweep(): void {
    for (const calls of this.#clients.values()) if (calls.idle) this.#clients.delete(calls.id);
    this.#sweepAt = Math.max(MANY_CLIENTS, this.#clients.size * 2);
  }

  #stream(x: Exchange, next: Handler, calls: ClientCalls): Promise<Reply> {
    const { streams } = calls.policy;
    if (calls.streams >= streams)
      return refuse(x, tooMany(`At most ${streams} open streams for this client`));
    calls.streams++;
    x.defer(this.#releaseStream);
    return next(x);
  }

  #aside(x: Exchange, next: Handler, calls: ClientCalls): Promise<Reply> {
    const most = Math.max(MIN_ASIDES, calls.policy.concurrency * ASIDES_PER_SLOT);
    if (calls.asides >= most) return refuse(x, tooMany('Too many notifications at once from this client'));
    calls.asides++;
    x.defer(this.#releaseAside);
    return next(x);
  }

  #queue(x: Exchange, next: Handler, calls: ClientCalls): Promise<Reply> {
    const { policy, waiting } = calls;
    if (x.givenUp !== undefined) return refuse(x, x.givenUp);
    const mayPass = this.fleet !== undefined && calls.inFlight + waiting.size < policy.concurrency;
    if (!mayPass && waiting.size >= policy.queueSize) return refuse(x, queueFull(policy));
    return new Promise((resolve) => {
      const patience = {
        timeoutMs: policy.queueTimeoutMs,
        onTimeout: () => tooMany(`No slot came free for this call within ${policy.queueTimeoutMs} ms`),
      };
      const go = () => {
        this.#waited(performance.now() - waiter.since);
        x.defer(this.#release);
        resolve(next(x));
      };
      const waiter = new Waiter(x, waiting, patience, go, (why) => resolve(x.refuse(why)));
      calls.wait(waiter);
    });
  }
}

function refuse(x: Exchange, why: Refusal): Promise<Reply> {
  return Promise.resolve(x.refuse(why));
}
