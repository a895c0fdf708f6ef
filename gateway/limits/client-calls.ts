// One client's calls: those in flight, those that wait, and the streams it holds open.
import type { Exchange } from '../core/exchange.ts';
import type { ClientPolicy } from '../core/principal.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { FleetSlots } from './fleet-slots.ts';
import type { Waiter } from './waiter.ts';

/** Mean time after which a full fleet is asked again, in ms. */
const ASK_AGAIN_MS = 20;
/** One of this many slots that could be handed on goes back to the fleet. */
const HAND_ON = 8;

/** How many slots an exchange takes: one for each call it makes, and never more than its client has. */
function slotsFor({ envelope }: Exchange, concurrency: number): number {
  if (envelope.kind !== 'batch') return 1;
  let requests = 0;
  for (const item of envelope.items) if (item.kind === 'request') requests++;
  return Math.max(1, Math.min(requests, concurrency));
}

/** Who knows the fleet, which comes and goes with the configuration. */
interface FleetMember {
  readonly fleet: FleetSlots | undefined;
}

/** The slots of one client. Lives as long as the client has anything going on. */
export class ClientCalls {
  readonly id: string;
  /** As of the client's latest exchange: a reload may change it. */
  policy: ClientPolicy;
  /** Slots in use, those asked for at the fleet included. */
  inFlight = 0;
  /** Slots that cancelled calls have given back before their end. */
  freed = 0;
  streams = 0;
  /** Messages that take no slot: notifications, posted responses, DELETE. */
  asides = 0;
  /** First come, first served. */
  readonly waiting = new Set<Waiter>();
  readonly #owner: FleetMember;
  #asking = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  /** Slots handed from call to call without giving them back to the fleet in between. */
  #handedOn = 0;

  constructor(id: string, policy: ClientPolicy, owner: FleetMember) {
    this.id = id;
    this.policy = policy;
    this.#owner = owner;
  }

  get idle(): boolean {
    const { inFlight, freed, streams, asides, waiting } = this;
    return (
      inFlight === 0 && freed === 0 && streams === 0 && asides === 0 && waiting.size === 0 && !this.#asking
    );
  }

  /** Takes slots if they are free and nobody waits for them. Where a fleet must be asked the answer is no: queue. */
  takeNow(x: Exchange): boolean {
    if (this.#owner.fleet !== undefined || this.waiting.size > 0) return false;
    const slots = slotsFor(x, this.policy.concurrency);
    if (this.inFlight + slots > this.policy.concurrency) return false;
    this.inFlight += slots;
    x.slots = slots;
    return true;
  }

  /** Lets `waiter` in as soon as there are slots. */
  wait(waiter: Waiter): void {
    waiter.x.slots = slotsFor(waiter.x, this.policy.concurrency);
    this.waiting.add(waiter);
    this.serve();
  }

  /** `x` is over. */
  end(x: Exchange): void {
    if (x.slotsFreed) this.freed -= x.slots;
    else this.give(x.slots);
  }

  /**
   * Gives back what `x` holds while it goes on upstream; at most as many slots at once as the client has, so that it never
   * has more than twice its limit under way. Over all gateways of a fleet each counts up to its share.
   */
  free(x: Exchange): void {
    const { concurrency } = this.policy;
    const freed = this.freed + x.slots;
    const isBounded = this.#owner.fleet?.withinShare(freed, concurrency) ?? freed <= concurrency;
    if (x.closed || x.slotsFreed || !isBounded) return;
    x.slotsFreed = true;
    this.freed = freed;
    this.give(x.slots);
  }

  give(slots: number): void {
    this.inFlight -= slots;
    if (this.#owner.fleet === undefined) return this.serve();
    const [first] = this.waiting;
    if (first?.x.slots === slots && this.#mayHandOn(this.#owner.fleet, slots)) {
      this.inFlight += slots;
      this.#proceed(first);
      return;
    }
    this.#owner.fleet.give(this.id, this.inFlight);
    this.serve();
  }

  /** Now and then a slot goes back to the fleet even though somebody waits here, lest other gateways never get one. */
  #mayHandOn(fleet: FleetSlots, slots: number): boolean {
    if (++this.#handedOn % HAND_ON === 0) return false;
    return fleet.mayHandOn(this.inFlight + slots, this.policy.concurrency);
  }

  /** Lets those go on for whom there are slots. */
  serve(): void {
    if (this.#asking || this.#timer !== undefined) return;
    const { concurrency } = this.policy;
    for (const first of this.waiting) {
      const { slots } = first.x;
      if (this.inFlight > 0 && this.inFlight + slots > concurrency) return;
      this.inFlight += slots;
      const granted = this.#owner.fleet?.take(this.id, this.inFlight, concurrency) ?? true;
      if (granted === true) this.#proceed(first);
      else if (granted === false) return this.#denied(slots);
      else {
        this.#asking = true;
        void granted.then((yes) => this.#answered(yes, slots));
        return;
      }
    }
  }

  #answered(yes: boolean, slots: number): void {
    this.#asking = false;
    if (!yes) return this.#denied(slots);
    // Whoever was first when the fleet was asked may have left since.
    const [first] = this.waiting;
    if (first?.x.slots === slots) {
      this.#proceed(first);
      this.serve();
    } else this.give(slots);
  }

  /** The fleet is full. Others give back without telling, so it is asked again and again, not by all at once. */
  #denied(slots: number): void {
    this.inFlight -= slots;
    const [...waiting] = this.waiting;
    for (const late of waiting.slice(this.policy.queueSize)) late.cancel(queueFull(this.policy));
    if (this.waiting.size === 0) return;
    const again = () => {
      this.#timer = undefined;
      this.serve();
    };
    this.#timer = setTimeout(again, ASK_AGAIN_MS * (0.5 + Math.random()));
  }

  #proceed(waiter: Waiter): void {
    this.waiting.delete(waiter);
    waiter.proceed();
  }
}

export function queueFull({ concurrency, queueSize }: ClientPolicy): Refusal {
  return tooMany(`At most ${concurrency} calls at once and ${queueSize} waiting for this client`);
}

export function tooMany(message: string): Refusal {
  return refusal('too_many_concurrent', { message });
}
