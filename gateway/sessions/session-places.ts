// Session places: where sessions live that have moved, as far as this process has heard or can ask.
import type { Session } from '../core/session.ts';

/** Where a session lives since it was recovered. */
export interface Place {
  readonly endpointId: string;
  readonly upstreamId: string;
}

/** `home`: where the session's id says. */
export type Whereabouts = Place | 'home' | 'ended';

/** What several processes agree on. Nothing rejects: undefined and false mean that the store is away. */
export interface PlaceStore {
  /** Whether it is worth asking at all. */
  readonly up: boolean;
  find(nonce: string): Promise<Whereabouts | undefined>;
  /** Moves a session that still lives at `from`; gives where it lives then, which is elsewhere if another was quicker. */
  move(nonce: string, from: Place, to: Place, ttlMs: number): Promise<Whereabouts | undefined>;
  /** `expiresAt`: seconds since the epoch, until when the end is remembered. */
  end(nonce: string, expiresAt: number, ttlMs: number): Promise<boolean>;
}

/** What processes tell each other; also told to whoever must act on it here. */
export interface PlaceNews {
  moved(nonce: string, place: Place): void;
  ended(nonce: string, expiresAt: number): void;
}

interface Known {
  /** Undefined: at home. */
  readonly place: Place | undefined;
  /** The round in which the store was asked. */
  readonly round: number;
}

/** Sessions of which it is known where they live; of older ones the store is asked again. */
const KEPT = 50_000;
const nobody: PlaceNews = { moved: () => {}, ended: () => {} };

/**
 * The places of one process; outlives reloads. The store is asked at the first sight of a session, and then tells: so no
 * later call waits for it.
 */
export class SessionPlaces implements PlaceNews {
  /** Shared with other processes; undefined where there is none. */
  store: PlaceStore | undefined = undefined;
  readonly #known = new Map<string, Known>();
  readonly #listener: PlaceNews;
  readonly #now: () => number;
  #atHome: Known = { place: undefined, round: 0 };

  /** `listener` is told what other processes do. `now`: ms since the epoch. */
  constructor(listener: PlaceNews = nobody, now: () => number = Date.now) {
    this.#listener = listener;
    this.#now = now;
  }

  /** Where the session lives; a promise at first sight. One that has ended elsewhere is told to the listener. */
  locate(session: Session): Session | Promise<Session> {
    const known = this.#known.get(session.nonce);
    const { store } = this;
    if (store === undefined || !store.up || known?.round === this.#atHome.round)
      return placed(session, known);
    return this.#ask(session, store).then((found) => found ?? session);
  }

  /** Where the session lives, as far as this process has heard. */
  where(session: Session): Session {
    return placed(session, this.#known.get(session.nonce));
  }

  /** Where the session lives by all that can be known now; undefined where it has ended. */
  current(session: Session): Promise<Session | undefined> {
    const { store } = this;
    return store === undefined ? Promise.resolve(this.where(session)) : this.#ask(session, store);
  }

  /** A session that has just been opened here, of which no other process knows. */
  opened({ nonce }: Session): void {
    if (this.store !== undefined) this.#note(nonce, this.#atHome);
  }

  /**
   * The session is to live elsewhere than where it is lost. Gives where it lives from now on: elsewhere than `to` when
   * another process has been quicker; undefined when it has ended.
   */
  async move(session: Session, to: Place): Promise<Session | undefined> {
    const { nonce, endpointId, upstreamId } = session;
    const before = this.#known.get(nonce);
    const at = await this.store?.move(nonce, { endpointId, upstreamId }, to, this.#ttl(session));
    if (at === 'ended') return this.#over(session);
    const now = this.where(session);
    // Without others that agree on it, the first move counts: a reload lets two recoveries of one session run side by side.
    if (at === undefined && !isSame(now, session)) return now;
    // What has been heard meanwhile is newer.
    if (this.#known.get(nonce) === before) this.#settle(nonce, at === undefined || at === 'home' ? to : at);
    return this.where(session);
  }

  /** The session has ended; a promise where there are others to be told. */
  end(session: Session): Promise<unknown> | undefined {
    this.#known.delete(session.nonce);
    return this.store?.end(session.nonce, session.expiresAt, this.#ttl(session));
  }

  moved(nonce: string, place: Place): void {
    this.#settle(nonce, place);
    this.#listener.moved(nonce, place);
  }

  ended(nonce: string, expiresAt: number): void {
    this.#known.delete(nonce);
    this.#listener.ended(nonce, expiresAt);
  }

  /** Others may have said what could not be heard: the store is asked anew about every session. */
  missed(): void {
    this.#atHome = { place: undefined, round: this.#atHome.round + 1 };
  }

  async #ask(session: Session, store: PlaceStore): Promise<Session | undefined> {
    const { nonce } = session;
    const before = this.#known.get(nonce);
    const found = await store.find(nonce);
    if (found === 'ended') return this.#over(session);
    if (found !== undefined && this.#known.get(nonce) === before) {
      const kept = found === 'home' ? before?.place : found;
      this.#settle(nonce, kept);
      // The store has lost it, or was away when it happened.
      if (found === 'home' && kept !== undefined) void this.move(this.where(session), kept);
    }
    return this.where(session);
  }

  #over({ nonce, expiresAt }: Session): undefined {
    this.ended(nonce, expiresAt);
  }

  #settle(nonce: string, place: Place | undefined): void {
    this.#note(nonce, place === undefined ? this.#atHome : { place, round: this.#atHome.round });
  }

  #note(nonce: string, known: Known): void {
    if (this.#known.size >= KEPT && !this.#known.has(nonce)) {
      this.#known.delete(this.#known.keys().next().value as string);
    }
    this.#known.set(nonce, known);
  }

  #ttl({ expiresAt }: Session): number {
    return Math.max(1, expiresAt * 1000 - this.#now());
  }
}

/** Whether `a` and `b` are one and the same session: the ids of two servers may well be alike. */
export function isSame(a: Place, b: Place): boolean {
  return a.endpointId === b.endpointId && a.upstreamId === b.upstreamId;
}

function placed(session: Session, known: Known | undefined): Session {
  if (known?.place === undefined || isSame(known.place, session)) return session;
  const { endpointId, upstreamId } = known.place;
  return { ...session, endpointId, upstreamId };
}
