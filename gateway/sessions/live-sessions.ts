// Live sessions: those that this process has seen in use, so that what nobody ends ends all the same.
import type { Exchange } from '../core/exchange.ts';
import type { Session } from '../core/session.ts';
import { awaitsAnswer } from '../mcp/envelope.ts';
import { knownRevision } from '../mcp/revisions.ts';
import { IdleList, Seat } from './idle-list.ts';

/** Why the gateway ended a session; the `reason` label of its metric. */
export type EndReason = 'idle' | 'limit';

/** How many there may be, and for how long without use. */
export interface SessionLimits {
  /** Of all clients together. */
  readonly inAll: number;
  readonly idleMs: number;
  /** No other process can open this gateway's session ids. */
  readonly alone: boolean;
}

/** What processes tell each other of the sessions that they see in use. */
export interface SharedUses {
  /** How often a session in use is to be told of, in ms. */
  readonly tellEveryMs: number;
  tell(nonce: string): void;
  /** Whether another process has seen the session in use lately; also true when that cannot be known. */
  elsewhere(nonce: string): Promise<boolean>;
}

interface Holder {
  readonly client: string;
  held: number;
  readonly idle: IdleList<Live>;
}

class Live {
  readonly session: Session;
  readonly pool: string;
  readonly holder: Holder;
  readonly ofHolder = new Seat<Live>(this);
  readonly ofAll = new Seat<Live>(this);
  /** Told by the first request in it. */
  revision: string | undefined = undefined;
  /** Exchanges in flight and streams; in the lists while there are none. */
  busy = 0;
  /** Requests in flight, and batches of them: so few that looking through them costs less than an index. */
  readonly calls: Exchange[] = [];
  /** When it came to rest, and when others were told of it; ms since the epoch. */
  usedAt = 0;
  toldAt = 0;

  constructor(session: Session, pool: string, holder: Holder) {
    // What it was opened with can be long, and is not needed to end it.
    this.session = { ...session, hello: undefined };
    this.pool = pool;
    this.holder = holder;
  }
}

/** Ends a session upstream; `revision` is that of its requests, as far as there have been any. */
export type Dismiss = (session: Session, revision: string | undefined) => void;

const SWEEP_MS = 1000;

/** The sessions of one process; outlives reloads. A session that is at work is never ended. */
export class LiveSessions {
  limits: SessionLimits = { inAll: Number.POSITIVE_INFINITY, idleMs: Number.POSITIVE_INFINITY, alone: true };
  /** Shared with other processes; undefined where there is nothing to share through. */
  uses: SharedUses | undefined = undefined;
  /** By pool; of the current configuration. */
  readonly dismissals = new Map<string, Dismiss>();
  readonly #byNonce = new Map<string, Live>();
  readonly #holders = new Map<string, Holder>();
  readonly #idle = new IdleList<Live>();
  readonly #counts = new Map<string, number>();
  readonly #ended: (session: Session) => void;
  readonly #count: (pool: string, reason: EndReason) => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined = undefined;
  #toldAllAt = 0;

  /** `ended` and `count` are told of each session that is ended here. `now`: ms since the epoch. */
  constructor(
    ended: (session: Session) => void,
    count: (pool: string, reason: EndReason) => void,
    now: () => number = Date.now,
  ) {
    this.#ended = ended;
    this.#count = count;
    this.#now = now;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  /** Sessions by pool. */
  counts(): Iterable<readonly [pool: string, count: number]> {
    return this.#counts;
  }

  /** A session has been opened for a client, which may have `most`. */
  opened(session: Session, pool: string, client: string, most: number): void {
    this.#rest(this.#add(session, pool, client, most));
  }

  /** Keeps the session of `x` from ending until `x` has ended. */
  enter(x: Exchange, pool: string, most: number): void {
    const session = x.session as Session;
    let live = this.#byNonce.get(session.nonce);
    if (live === undefined) live = this.#add(session, pool, x.principal.id, most);
    else if (live.busy === 0) this.#unlist(live);
    live.busy++;
    if (!x.stream && awaitsAnswer(x.envelope)) live.calls.push(x);
    live.revision ??= knownRevision(x.inbound.protocolVersion);
    if (this.uses !== undefined) this.#tell(live, this.uses, this.#now());
    x.defer(this.#leave);
  }

  /** The requests in flight in a session, and batches of them. */
  calls({ nonce }: Session): readonly Exchange[] {
    return this.#byNonce.get(nonce)?.calls ?? [];
  }

  /** Its client has ended the session. */
  remove({ nonce }: Pick<Session, 'nonce'>): void {
    const live = this.#byNonce.get(nonce);
    if (live !== undefined) this.#forget(live);
  }

  /** Looks for idle sessions once a second. */
  start(): void {
    this.#timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Ends what has been idle for too long, and tells other processes of what is at work for long. */
  sweep(): void {
    const now = this.#now();
    if (this.uses !== undefined && now - this.#toldAllAt >= this.uses.tellEveryMs) {
      this.#toldAllAt = now;
      for (const live of this.#byNonce.values()) if (live.busy > 0) this.#tell(live, this.uses, now);
    }
    const before = now - this.limits.idleMs;
    for (let live = this.#idle.first; live !== undefined && live.usedAt <= before; live = this.#idle.first) {
      this.#end(live, 'idle');
    }
  }

  readonly #leave = (x: Exchange): void => {
    const live = this.#byNonce.get((x.session as Session).nonce);
    if (live === undefined) return;
    const at = live.calls.indexOf(x);
    const last = at === -1 ? undefined : live.calls.pop();
    if (last !== undefined && last !== x) live.calls[at] = last;
    if (live.busy > 0 && --live.busy === 0) this.#rest(live);
  };

  #add(session: Session, pool: string, client: string, most: number): Live {
    const known = this.#holders.get(client);
    for (let live = known?.idle.first; live !== undefined && (known?.held ?? 0) >= most; ) {
      this.#end(live, 'limit');
      live = known?.idle.first;
    }
    for (let live = this.#idle.first; live !== undefined && this.size >= this.limits.inAll; ) {
      this.#end(live, 'limit');
      live = this.#idle.first;
    }
    let holder = this.#holders.get(client);
    if (holder === undefined) {
      holder = { client, held: 0, idle: new IdleList() };
      this.#holders.set(client, holder);
    }
    holder.held++;
    const live = new Live(session, pool, holder);
    this.#byNonce.set(session.nonce, live);
    this.#counts.set(pool, (this.#counts.get(pool) ?? 0) + 1);
    return live;
  }

  #rest(live: Live): void {
    live.usedAt = this.#now();
    if (this.uses !== undefined) this.#tell(live, this.uses, live.usedAt);
    live.holder.idle.append(live.ofHolder);
    this.#idle.append(live.ofAll);
  }

  #tell(live: Live, uses: SharedUses, now: number): void {
    if (now - live.toldAt < uses.tellEveryMs) return;
    live.toldAt = now;
    uses.tell(live.session.nonce);
  }

  #unlist(live: Live): void {
    live.holder.idle.take(live.ofHolder);
    this.#idle.take(live.ofAll);
  }

  #forget(live: Live): void {
    const { holder, pool, session } = live;
    if (live.busy === 0) this.#unlist(live);
    this.#byNonce.delete(session.nonce);
    this.#counts.set(pool, (this.#counts.get(pool) ?? 0) - 1);
    if (--holder.held === 0) this.#holders.delete(holder.client);
  }

  /**
   * Whether it ends for its client, too, depends on what can be known of other processes: one that others may be using is
   * merely forgotten here. Over a limit somebody must go, so there only a use that is known of counts.
   */
  #end(live: Live, reason: EndReason): void {
    this.#forget(live);
    const { alone } = this.limits;
    if (alone || (this.uses === undefined && reason === 'limit')) this.#dismiss(live, reason);
    else if (this.uses !== undefined) void this.#endUnlessElsewhere(live, reason, this.uses);
  }

  async #endUnlessElsewhere(live: Live, reason: EndReason, uses: SharedUses): Promise<void> {
    const elsewhere = await uses.elsewhere(live.session.nonce);
    // It may have come back meanwhile.
    if (!elsewhere && !this.#byNonce.has(live.session.nonce)) this.#dismiss(live, reason);
  }

  #dismiss({ session, pool, revision }: Live, reason: EndReason): void {
    // Where it lives is known no more once it has ended.
    this.dismissals.get(pool)?.(session, revision);
    this.#ended(session);
    this.#count(pool, reason);
  }
}
