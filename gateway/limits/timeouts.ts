// Timeouts: ends a call that makes no progress, or that takes too long however much progress it makes.
import type { Config, PoolConfig } from '../../config/schema.ts';
import type { Exchange, StreamFollower, StreamSign } from '../core/exchange.ts';
import { callCancelled, refusal } from '../core/refusal.ts';
import type { Slotted } from '../core/slots.ts';
import { Slots } from '../core/slots.ts';
import type { Stage } from '../core/stage.ts';
import type { RuleOf } from '../core/tool-rules.ts';
import { ruleFor } from '../core/tool-rules.ts';

/** How late a timeout may be noticed, in ms. */
const TICK_MS = 25;
/** A tick that is so late, in ms, shows that the process was stopped or had no time: what came meanwhile is not read yet. */
const LATE_MS = 200;

export interface Timeouts {
  /** Without progress, in ms. */
  readonly timeoutMs: number;
  /** However much progress there is, in ms. */
  readonly maxTimeoutMs: number;
}

/** The timeouts of an exchange. */
export type TimeoutsOf = (x: Exchange) => Timeouts;

/** What applies to a pool's exchanges: the tool's rule says first, then the client, the pool, and the limits for all. */
export function timeoutsOf(
  pool: PoolConfig,
  { limits, clients }: Config,
  ruleOf: RuleOf | undefined,
): TimeoutsOf {
  const general = {
    timeoutMs: pool.timeout ?? limits.timeout,
    maxTimeoutMs: pool.max_timeout ?? limits.max_timeout,
  };
  const ofClients = clients.some(
    ({ timeout, max_timeout }) => timeout !== undefined || max_timeout !== undefined,
  );
  if (ruleOf === undefined && !ofClients) return () => general;
  return (x) => {
    const rule = ruleOf && ruleFor(x, ruleOf);
    const policy = x.principal.policy;
    if (rule?.timeout === undefined && rule?.max_timeout === undefined && policy === undefined)
      return general;
    return {
      timeoutMs: rule?.timeout ?? policy?.timeoutMs ?? general.timeoutMs,
      maxTimeoutMs: rule?.max_timeout ?? policy?.maxTimeoutMs ?? general.maxTimeoutMs,
    };
  };
}

/**
 * The stage. Progress notifications of the call start its timeout anew; while the upstream waits for the client (an
 * elicitation may wait for a person) only the absolute limit counts (MCP 2025-11-25, lifecycle, "Timeouts"). Other
 * messages are no progress: a server that only logs is not working on the call.
 */
export function timeouts(of: TimeoutsOf): Stage {
  const deadlines = new Deadlines();
  return (next) => (x) => {
    if (!x.stream) {
      x.follower = deadlines.add(x, of(x));
      x.defer(release);
    }
    return next(x);
  };
}

function release({ follower }: Exchange): void {
  if (follower instanceof Deadline) follower.close();
}

/** The time that one call still has. */
class Deadline implements Slotted, StreamFollower {
  slot = -1;
  /** Monotonic ms. */
  at: number;
  readonly x: Exchange;
  readonly #among: Slots<Deadline>;
  readonly #timeoutMs: number;
  #lastMoment: number;
  #waitsForClient = false;

  constructor(x: Exchange, { timeoutMs, maxTimeoutMs }: Timeouts, among: Slots<Deadline>) {
    this.x = x;
    this.#among = among;
    this.#timeoutMs = timeoutMs;
    this.#lastMoment = x.startedAt + maxTimeoutMs;
    this.at = Math.min(performance.now() + timeoutMs, this.#lastMoment);
  }

  heard(sign: StreamSign): void {
    if (sign === 'other' && !this.#waitsForClient) return;
    this.#waitsForClient = sign === 'asks_client';
    const inTime = this.#waitsForClient ? Number.POSITIVE_INFINITY : performance.now() + this.#timeoutMs;
    this.at = Math.min(inTime, this.#lastMoment);
  }

  /** The process has slept until `now`: the call has the time that it had left before, at most its timeout anew. */
  putOff(sleptMs: number, now: number): void {
    this.at = Math.min(this.at + sleptMs, Math.max(this.at, now + this.#timeoutMs));
    this.#lastMoment = Math.max(this.#lastMoment, this.at);
  }

  expire(now: number): void {
    this.close();
    const message = `The upstream server did not answer in time (${Math.round(now - this.x.startedAt)} ms)`;
    // Servers need not answer what was cancelled (MCP 2025-11-25, cancellation): that it ends here is no fault.
    this.x.cancel(this.x.cancelled ? callCancelled : refusal('timeout', { message }));
  }

  close(): void {
    this.#among.delete(this);
  }
}

/**
 * The calls under way, looked over at each tick: a timer for each call would cost more than all else that this stage does,
 * for a precision that nobody needs.
 */
class Deadlines {
  readonly #open = new Slots<Deadline>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #tickedAt = 0;
  #hasSlept = false;

  add(x: Exchange, limits: Timeouts): Deadline {
    const deadline = new Deadline(x, limits, this.#open);
    this.#open.add(deadline);
    if (this.#timer === undefined) {
      this.#tickedAt = performance.now();
      this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    }
    return deadline;
  }

  #tick(): void {
    const now = performance.now();
    const tookMs = now - this.#tickedAt;
    this.#tickedAt = now;
    // Not twice in a row: one that is late all the time has too much to do, and there limits have to hold.
    this.#hasSlept = !this.#hasSlept && tookMs > TICK_MS + LATE_MS;
    for (const deadline of this.#open) {
      if (this.#hasSlept) deadline.putOff(tookMs, now);
      else if (now >= deadline.at) deadline.expire(now);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
