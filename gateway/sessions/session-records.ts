// Session records: what is known of a session beside its id, in this process's memory and, where there is one, a shared store.
import { LRUCache } from 'lru-cache';
import type { Session } from '../core/session.ts';
import type { Wish } from './traces.ts';

/** What is known of one session. */
export interface SessionRecord {
  /** Nothing that it did can have left state upstream that is not in this record. */
  readonly traceless: boolean;
  readonly level?: string;
  readonly uris: ReadonlySet<string>;
}

/** What this process itself has seen of a session. */
interface Seen {
  /** From its beginning on. */
  whole: boolean;
  /** Messages that may have left state upstream. */
  traces: number;
  level: string | undefined;
  /** Made when needed: most sessions subscribe to nothing, and there are many. */
  uris: Set<string> | undefined;
  /** Methods of the notices that its client is still to be sent. */
  notices: readonly string[];
}

/** What is new of a session; fields are written one by one, so that two processes do not undo each other's. */
export interface RecordChange {
  readonly traceless?: boolean;
  readonly level?: string;
  readonly subscribe?: string;
  readonly unsubscribe?: string;
}

/** Records that several processes see. Neither method rejects: undefined and false mean that the store is away. */
export interface RecordStore {
  load(nonce: string): Promise<SessionRecord | undefined>;
  save(nonce: string, change: RecordChange, ttlMs: number): Promise<boolean>;
}

const nothing: readonly string[] = [];

/** Sessions remembered; of older ones nothing is known any more. */
const KEPT = 10_000;
const MAX_URIS = 100;
const MAX_TEXT = 2048;

/** The records of one process; outlives reloads. */
export class SessionRecords {
  readonly #seen = new LRUCache<string, Seen>({ max: KEPT });
  /** Sessions of whose traces the store has not been told, because it was away. */
  readonly #untold = new LRUCache<string, true>({ max: KEPT });
  /** Shared with other processes; undefined where there is none. */
  store: RecordStore | undefined = undefined;
  readonly #now: () => number;

  /** `now`: ms since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Sessions of which anything is remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /** A session that has just been opened; a promise where there is something to wait for. */
  opened(session: Session): Promise<unknown> | undefined {
    this.#of(session).whole = true;
    return this.#save(session, { traceless: true });
  }

  /** The session may have state upstream from now on: wait for the promise before that can happen. */
  traced(session: Session): Promise<unknown> | undefined {
    const seen = this.#of(session);
    seen.traces++;
    if (seen.traces > 1 && !this.#untold.has(session.nonce)) return undefined;
    return this.#save(session, { traceless: false })?.then((told) => {
      if (told) this.#untold.delete(session.nonce);
      else this.#untold.set(session.nonce, true, { ttl: this.#ttl(session) });
    });
  }

  /** One of the messages noted by `traced` has turned out to have reached nobody. The shared store never forgets. */
  untraced(session: Session): void {
    const seen = this.#of(session);
    if (seen.traces > 0) seen.traces--;
  }

  /** The session asks for something that can be asked again elsewhere; what is too much to keep is a trace. */
  wished(session: Session, wish: Wish): Promise<unknown> | undefined {
    const seen = this.#of(session);
    const text = wish.kind === 'level' ? wish.level : wish.uri;
    const full = wish.kind === 'subscribe' && (seen.uris?.size ?? 0) >= MAX_URIS;
    if (full || text.length > MAX_TEXT) return this.traced(session);
    if (wish.kind === 'level') seen.level = text;
    else if (wish.kind === 'unsubscribe') seen.uris?.delete(text);
    else {
      seen.uris ??= new Set();
      seen.uris.add(text);
    }
    return this.#save(session, { [wish.kind]: text });
  }

  /** The session has ended: what is known of it is of no use to anybody here. */
  forget({ nonce }: Pick<Session, 'nonce'>): void {
    this.#seen.delete(nonce);
    this.#untold.delete(nonce);
  }

  /** Notices to be sent on the next stream that the session's client opens here. */
  owe(session: Session, notices: readonly string[]): void {
    this.#of(session).notices = notices;
  }

  /** Takes the notices that are owed. */
  owed(session: Session): readonly string[] {
    const seen = this.#seen.get(session.nonce);
    if (seen === undefined) return nothing;
    const { notices } = seen;
    seen.notices = nothing;
    return notices;
  }

  /**
   * All that is known, of this process and others. `alone`: no other process can have served the session; where one can
   * and there is no shared store, nothing is known for sure.
   */
  async recall(session: Session, alone: boolean): Promise<SessionRecord> {
    const { whole, traces, level, uris } = this.#of(session);
    const traceless = alone && whole && traces === 0;
    const own = { traceless, uris: new Set(uris), ...(level !== undefined && { level }) };
    if (this.store === undefined) return own;
    const told = await this.store.load(session.nonce);
    if (told === undefined) return { ...own, traceless: false };
    return this.#untold.has(session.nonce) ? { ...told, traceless: false } : told;
  }

  #of(session: Session): Seen {
    let seen = this.#seen.get(session.nonce);
    if (seen === undefined) {
      seen = { whole: false, traces: 0, level: undefined, uris: undefined, notices: nothing };
      this.#seen.set(session.nonce, seen, { ttl: this.#ttl(session) });
    }
    return seen;
  }

  #save(session: Session, change: RecordChange): Promise<boolean> | undefined {
    return this.store?.save(session.nonce, change, this.#ttl(session));
  }

  #ttl({ expiresAt }: Session): number {
    return Math.max(1, expiresAt * 1000 - this.#now());
  }
}
