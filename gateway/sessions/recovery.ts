// Recovery: when a session's upstream is gone, a new session takes its place where nothing can be lost by it.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Session } from '../core/session.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { withNotices } from './change-notices.ts';
import { lossOf } from './loss.ts';
import type { Place, SessionRecord, SessionRecords } from './session-records.ts';
import type { ReadsOnly } from './traces.ts';
import { leavesTrace, wishOf } from './traces.ts';

/** How a recovery ended; the `result` label of its metric. `adopted`: another process had done it. */
export type RecoveryResult = 'recovered' | 'adopted' | 'refused' | 'failed';

/** A session opened anew, and the methods of the change notices that its server may send. */
export interface Reopened {
  readonly place: Place;
  readonly notices: readonly string[];
}

/** Opens a session as `hello` asks, anywhere but at `gone`; rejects when no endpoint opens one. */
export type Reopen = (
  x: Exchange,
  hello: string,
  record: SessionRecord,
  gone: Endpoint | undefined,
) => Promise<Reopened>;

export interface RecoverySettings {
  readonly mode: 'auto' | 'always';
  readonly records: SessionRecords;
  /** No other process can open this gateway's session ids. */
  readonly alone: boolean;
  readonly readsOnly: ReadsOnly;
  readonly endpoint: (id: string) => Endpoint | undefined;
  readonly reopen: Reopen;
  /** Ends the streams that the session has open here, so that its client opens them anew. */
  readonly endStreams: (session: Session) => void;
  readonly count: (result: RecoveryResult) => void;
}

/** Places that a lost exchange is sent to at most: one that another process made, and a new one. */
const MAX_PLACES = 2;

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
  readonly #underWay = new Map<string, Promise<Session | undefined>>();

  constructor(settings: RecoverySettings, next: Handler) {
    this.#settings = settings;
    this.#next = next;
  }

  handle(x: Exchange): Promise<Reply> {
    // Nothing is opened anew to be ended.
    if (x.inbound.method === 'DELETE') return this.#stay(x);
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

  /** `lost`: the answer that told of the loss; undefined while nothing has been sent. */
  async #rescue(x: Exchange, lost: Reply | undefined): Promise<Reply> {
    const { records, readsOnly, endpoint } = this.#settings;
    let reply = lost;
    let resent = false;
    for (let places = 0; places < MAX_PLACES; ) {
      const loss = reply === undefined ? 'unexecuted' : lossOf(x, reply);
      const traces = leavesTrace(x.envelope, readsOnly);
      if (loss === undefined) break;
      if (loss === 'unexecuted') {
        if (traces && reply !== undefined) records.untraced(x.session as Session);
        const found = await this.#elsewhere(x);
        if (found === undefined) return reply ?? this.#stay(x);
        if ('reason' in found) return x.refuse(found);
        x.session = found;
        x.pinned = endpoint(found.endpointId);
        places++;
        if (x.pinned === undefined) continue;
      } else {
        // A broken connection does not say that the session is gone; asking again does, where asking again is safe.
        if (traces || resent) break;
        resent = true;
      }
      begin(x);
      reply = await this.#send(x);
    }
    return reply === undefined ? this.#stay(x) : this.#delivered(x, reply);
  }

  /** Where the session of `x` goes on; undefined: nowhere; a refusal when the exchange was given up meanwhile. */
  async #elsewhere(x: Exchange): Promise<Session | Refusal | undefined> {
    const session = x.session as Session;
    const current = this.#settings.records.where(session);
    if (current.upstreamId !== session.upstreamId) return current;
    const { nonce } = session;
    let flight = this.#underWay.get(nonce);
    if (flight === undefined) {
      flight = this.#recover(x, session).finally(() => this.#underWay.delete(nonce));
      this.#underWay.set(nonce, flight);
    }
    x.answeredAt = 0;
    const givenUp = new Promise<Refusal>((resolve) => {
      x.running = { cancel: resolve };
    });
    return Promise.race([flight, givenUp]);
  }

  async #recover(x: Exchange, session: Session): Promise<Session | undefined> {
    const { records, mode, alone, reopen, endStreams, count } = this.#settings;
    const record = await records.recall(session, alone);
    if (record.moved !== undefined && record.moved.upstreamId !== session.upstreamId) {
      count('adopted');
      return records.adopt(session, record.moved);
    }
    if (session.hello === undefined || (mode === 'auto' && !record.traceless)) {
      count('refused');
      return undefined;
    }
    try {
      // A server that has forgotten the session is there to open another; one that is gone is not.
      const gone = x.failure === undefined && x.pinned?.unhealthy !== true ? undefined : x.pinned;
      const { place, notices } = await reopen(x, session.hello, record, gone);
      const moved = await records.move(session, place);
      records.owe(session, notices);
      endStreams(session);
      count('recovered');
      return moved;
    } catch {
      count('failed');
      return undefined;
    }
  }

  /** The session stays where it is, whatever that is worth. */
  #stay(x: Exchange): Promise<Reply> {
    if (x.pinned !== undefined) return this.#send(x);
    return Promise.resolve(x.refuse(refusal('session_not_found')));
  }

  #delivered(x: Exchange, reply: Reply): Reply {
    if (!x.stream || reply.status !== 200) return reply;
    return withNotices(reply, this.#settings.records.owed(x.session as Session));
  }
}

/** Lets the exchange begin anew, as if nothing had been answered. */
function begin(x: Exchange): void {
  x.errorType = undefined;
  x.failure = undefined;
  x.replyBytes = 0;
  x.replied = false;
  x.running = undefined;
}
