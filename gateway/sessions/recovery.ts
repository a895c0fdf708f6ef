// Recovery: when a session's upstream is gone, a new session takes its place where nothing can be lost by it.
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Session } from '../core/session.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { isAboutCalls } from './about-calls.ts';
import { withNotices } from './change-notices.ts';
import { unlessGivenUp } from './given-up.ts';
import { lossOf } from './loss.ts';
import type { Place, SessionPlaces } from './session-places.ts';
import { isSame } from './session-places.ts';
import type { SessionRecord, SessionRecords } from './session-records.ts';
import type { ReadsOnly } from './traces.ts';
import { leavesTrace, wishOf } from './traces.ts';

/** How a recovery ended; the `result` label of its metric. `adopted`: another process had done it. */
export type RecoveryResult = 'recovered' | 'adopted' | 'refused' | 'failed';

/** A session opened anew, and the methods of the change notices that its server may send. */
export interface Reopened {
  readonly place: Place;
  readonly notices: readonly string[];
}

/** Opens a session as `hello` asks, anywhere but at `gone`; undefined: no endpoint has room; rejects when none opens one. */
export type Reopen = (
  x: Exchange,
  hello: string,
  record: SessionRecord,
  gone: Endpoint | undefined,
) => Promise<Reopened | undefined>;

export interface RecoverySettings {
  readonly mode: 'auto' | 'always';
  readonly records: SessionRecords;
  readonly places: SessionPlaces;
  /** No other process can open this gateway's session ids. */
  readonly alone: boolean;
  readonly readsOnly: ReadsOnly;
  readonly endpoint: (id: string) => Endpoint | undefined;
  /** Whether the session has ended, by its client or by a gateway. */
  readonly hasEnded: (session: Session) => boolean;
  readonly reopen: Reopen;
  /** Sends `x` once more by `again`, within what the pool's retries may cost; undefined where they may not cost it. */
  readonly retry: (x: Exchange, again: () => Promise<Reply>) => Promise<Reply> | undefined;
  /** Whether the server of an exchange, asked in its session, does not know the session any more; never rejects. */
  readonly isForgotten: (x: Exchange) => Promise<boolean>;
  /** Ends the streams that the session has open elsewhere than at `place`, so that its client opens them anew. */
  readonly endStreams: (nonce: string, place: Place) => void;
  /** Ends an upstream session that nobody uses; nobody waits for it. */
  readonly dismiss: (place: Place) => void;
  /** Ends the upstream session at an endpoint that has left, once nothing of it is under way here. */
  readonly leave: (session: Session) => void;
  readonly count: (result: RecoveryResult) => void;
}

/** What several calls of a session have noted before they all met nobody is taken back within this time, in ms. */
const SETTLE_MS = 50;
/** Places that a lost exchange is sent to at most: one that another process made, and a new one. */
const MAX_PLACES = 2;

/** Where a session goes on, undefined where it does not; `fresh`: in a session that nobody has used yet. */
interface NextPlace {
  readonly session: Session | undefined;
  readonly fresh: boolean;
}

const nowhere: NextPlace = { session: undefined, fresh: false };

/** The stage around whatever forwards; exchanges without a session pass through it. */
export function recovery(settings: RecoverySettings): Stage {
  return (next) => {
    const recoveries = new Recoveries(settings, next);
    return (x) => (x.session === undefined ? next(x) : recoveries.handle(x));
  };
}

class Recoveries {
  readonly #settings: RecoverySettings;
  readonly #next: Handler;
  /** By nonce: exchanges that find their session lost at once share one recovery. */
  readonly #underWay = new Map<string, Promise<NextPlace | Refusal>>();
  /** By the upstream's session id: exchanges that are answered 404 at once share one question. */
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(settings: RecoverySettings, next: Handler) {
    this.#settings = settings;
    this.#next = next;
  }

  handle(x: Exchange): Promise<Reply> {
    // Nothing is opened anew to be ended, or to hear of calls that it does not have.
    if (x.inbound.method === 'DELETE' || isAboutCalls(x.envelope)) return this.#stay(x);
    const { pinned } = x;
    // An endpoint that is known to be down would only make the call wait.
    if (pinned === undefined || pinned.unhealthy) return this.#rescue(x, undefined);
    return this.#send(x).then((reply) =>
      lossOf(x, reply) === undefined ? this.#delivered(x, reply) : this.#rescue(x, reply),
    );
  }

  /** What the exchange may leave behind is noted before it can. */
  #send(x: Exchange): Promise<Reply> {
    const { records, readsOnly } = this.#settings;
    const session = x.session as Session;
    const wish = wishOf(x.envelope, x.body);
    const noted = leavesTrace(x.envelope, readsOnly)
      ? records.traced(session)
      : wish && records.wished(session, wish);
    return noted === undefined ? this.#next(x) : noted.then(() => this.#next(x));
  }

  #again(x: Exchange): Promise<Reply> {
    x.beginAnew();
    x.running = undefined;
    return this.#send(x);
  }

  /** `lost`: the answer that told of the loss; undefined while nothing has been sent. */
  async #rescue(x: Exchange, lost: Reply | undefined): Promise<Reply> {
    const { records, readsOnly, endpoint, retry } = this.#settings;
    const traces = leavesTrace(x.envelope, readsOnly);
    let reply = lost;
    let resent = false;
    let fresh = false;
    for (let places = 0; places < MAX_PLACES; ) {
      const loss = reply === undefined ? 'unexecuted' : lossOf(x, reply);
      if (loss === undefined) break;
      // What moves the session's streams is not to take this one for an open one.
      x.answeredAt = 0;
      if (loss === 'not_found') {
        // What is not found in a session made for it is not the session.
        if (fresh) break;
        const forgotten = await unlessGivenUp(x, this.#isForgotten(x));
        if (typeof forgotten !== 'boolean') return x.refuse(forgotten);
        if (!forgotten) break;
      }
      if (loss === 'unknown') {
        // A broken connection does not say that the session is gone; asking again does, where asking again is safe.
        if (traces && x.failure?.sent === false) records.untraced(x.session as Session);
        const retried = traces || resent ? undefined : retry(x, () => this.#again(x));
        if (retried === undefined) break;
        resent = true;
        reply = await retried;
      } else {
        if (traces && reply !== undefined) records.untraced(x.session as Session);
        const found = await unlessGivenUp(x, this.#elsewhere(x));
        if ('reason' in found) return x.refuse(found);
        if (found.session === undefined) return reply ?? this.#stay(x);
        x.session = found.session;
        x.pinned = endpoint(x.session.endpointId);
        fresh = found.fresh;
        places++;
        if (x.pinned !== undefined) reply = await this.#again(x);
      }
    }
    return reply === undefined ? this.#stay(x) : this.#delivered(x, reply);
  }

  /** Whether the session of `x`, which has been answered 404, is gone: only its server can say. */
  #isForgotten(x: Exchange): Promise<boolean> {
    const { endpointId, upstreamId } = x.session as Session;
    const at = `${endpointId} ${upstreamId}`;
    let asked = this.#asked.get(at);
    if (asked === undefined) {
      asked = this.#settings.isForgotten(x).finally(() => this.#asked.delete(at));
      this.#asked.set(at, asked);
    }
    return asked;
  }

  /** Where the session of `x` goes on. */
  #elsewhere(x: Exchange): Promise<NextPlace | Refusal> {
    const session = x.session as Session;
    const current = this.#settings.places.where(session);
    if (!isSame(current, session)) return Promise.resolve({ session: current, fresh: false });
    const { nonce } = session;
    let flight = this.#underWay.get(nonce);
    if (flight === undefined) {
      flight = this.#recover(x, session).finally(() => this.#underWay.delete(nonce));
      this.#underWay.set(nonce, flight);
    }
    return flight;
  }

  async #recover(x: Exchange, session: Session): Promise<NextPlace | Refusal> {
    const { records, places, mode, alone, hasEnded, reopen, endStreams, dismiss, leave, count } =
      this.#settings;
    const hasLeft = x.pinned === undefined;
    const current = await places.current(session);
    if (current !== undefined && !isSame(current, session)) {
      count('adopted');
      return { session: current, fresh: false };
    }
    let record = await records.recall(session, alone);
    const mayMove = () => mode === 'always' || record.traceless;
    const isFresh = x.failure === undefined ? !hasLeft : x.failure.refused;
    if (!mayMove() && (isFresh || x.pinned?.unhealthy))
      record = await pause(SETTLE_MS).then(() => records.recall(session, alone));
    if (current === undefined || session.hello === undefined || !mayMove()) {
      count('refused');
      return nowhere;
    }
    try {
      // A server that has forgotten the session is there to open another; one that is gone is not.
      const gone = x.failure === undefined && x.pinned?.unhealthy !== true ? undefined : x.pinned;
      const reopened = await reopen(x, session.hello, record, gone);
      if (reopened === undefined) {
        count('failed');
        return refusal('overloaded', { message: 'All endpoints are at their limit' });
      }
      const { place, notices } = reopened;
      const moved = hasEnded(session) ? undefined : await places.move(session, place);
      if (moved === undefined || hasEnded(session)) {
        dismiss(place);
        count('refused');
        return refusal('session_not_found');
      }
      if (!isSame(moved, place)) {
        // Another process has moved it at the same time, or this one before a reload.
        dismiss(place);
        count('adopted');
        return { session: moved, fresh: false };
      }
      records.owe(session, notices);
      endStreams(session.nonce, place);
      if (hasLeft) leave(session);
      count('recovered');
      return { session: moved, fresh: true };
    } catch {
      count('failed');
      return nowhere;
    }
  }

  /** The session stays where it is, whatever that is worth, unless its client has ended it meanwhile. */
  #stay(x: Exchange): Promise<Reply> {
    if (x.pinned !== undefined && !this.#settings.hasEnded(x.session as Session)) return this.#send(x);
    return Promise.resolve(x.refuse(refusal('session_not_found')));
  }

  #delivered(x: Exchange, reply: Reply): Reply {
    if (!x.stream || reply.status !== 200) return reply;
    return withNotices(reply, this.#settings.records.owed(x.session as Session));
  }
}
