// Affinity: keeps a session's traffic on its endpoint, and gives clients the gateway's own session ids.
import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Session, SessionCodec, SessionScope } from '../core/session.ts';
import type { Handler, Stage } from '../core/stage.ts';
import { Method } from '../mcp/methods.ts';
import { callMeant } from './about-calls.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { LiveSessions } from './live-sessions.ts';
import type { Place, SessionPlaces } from './session-places.ts';
import { isSame } from './session-places.ts';
import type { SessionRecords } from './session-records.ts';
import { helloOf } from './traces.ts';

export interface AffinitySettings {
  readonly path: string;
  readonly pool: string;
  /** False when any endpoint can serve any session: then only the id crosses, and the balancer picks. */
  readonly pin: boolean;
  readonly sessionTtlMs: number;
  readonly codec: SessionCodec;
  readonly ended: EndedSessions;
  readonly live: LiveSessions;
  /** Sessions that a client may have of which the configuration says nothing. */
  readonly sessions: number;
  readonly records: SessionRecords;
  readonly places: SessionPlaces;
  /** A later stage finds sessions whose endpoint has left another place. */
  readonly recovers: boolean;
  /** Looks an endpoint of the pool up by id; undefined once it has left the configuration. */
  readonly endpoint: (id: string) => Endpoint | undefined;
  /** Told when a client has ended its session; `openedAt` in seconds since the epoch. */
  readonly onEnded?: (openedAt: number, revision: string | undefined, endpoint: Endpoint | undefined) => void;
  /** Ends the upstream session, as far as its server is there; nobody waits for it. */
  readonly dismiss: (place: Place) => void;
  /** Ms since the epoch. */
  readonly now: () => number;
}

/** The stage; sessionless eras and upstreams pass through it untouched. */
export function affinity(settings: AffinitySettings): Stage {
  return (next) => (x) => {
    if (!x.era.sessionful) return next(x);
    const id = x.inbound.sessionId;
    if (id !== undefined) {
      const session = settings.codec.open(id, scopeOf(x, settings));
      if (session === undefined || settings.ended.has(session)) return notFound(x);
      const located = settings.places.locate(session);
      if (located instanceof Promise) return located.then((found) => resume(x, found, next, settings));
      return resume(x, located, next, settings);
    }
    if (x.envelope.method !== Method.initialize) return next(x);
    return next(x).then((reply) => seal(x, reply, settings));
  };
}

function scopeOf(x: Exchange, { path, pool }: AffinitySettings): SessionScope {
  return { path, pool, principal: x.principal };
}

/** How many sessions the caller may have. */
function mostOf({ principal }: Exchange, { sessions }: AffinitySettings): number {
  return principal.policy?.sessions ?? sessions;
}

/** Lets the exchange go on in its session, unless that has ended or nobody can find it here. */
function resume(x: Exchange, session: Session, next: Handler, settings: AffinitySettings): Promise<Reply> {
  if (settings.ended.has(session)) return notFound(x);
  // The session may have moved since the call was sent, and the call's endpoint have left the configuration.
  const call = callMeant(x.envelope, settings.live.calls(session));
  const endpoint = call?.endpoint ?? settings.endpoint(session.endpointId);
  if (endpoint === undefined && settings.pin && !settings.recovers) return notFound(x);
  x.session = call?.session ?? session;
  if (settings.pin || call !== undefined) x.pinned = endpoint;
  settings.live.enter(x, settings.pool, mostOf(x, settings));
  if (x.inbound.method !== 'DELETE') return next(x);
  return next(x).then((reply) => (hasEnded(x, reply) ? end(x, reply, settings) : reply));
}

/** What becomes of a DELETE whose server is not there: it must not find the session alive when it comes back. */
const unreachable: ReadonlySet<string> = new Set(['session_not_found', 'no_endpoint', 'timeout']);

/** Whether a DELETE has ended its session, by its reply: a server need not allow it (405). */
function hasEnded({ failure }: Exchange, { status, refusal: why }: Reply): boolean {
  if (why === undefined) return status < 300 || status === 404;
  if (failure?.shortage !== undefined) return false;
  return unreachable.has(why.reason) || failure?.kind === 'connect' || failure?.kind === 'reset';
}

function notFound(x: Exchange): Promise<Reply> {
  return Promise.resolve(x.refuse(refusal('session_not_found')));
}

/** The client has ended its session. */
function end(x: Exchange, reply: Reply, settings: AffinitySettings): Reply | Promise<Reply> {
  const session = x.session as Session;
  settings.ended.add(session);
  settings.records.forget(session);
  settings.live.remove(session);
  settings.onEnded?.(session.openedAt, x.inbound.protocolVersion, settings.endpoint(session.endpointId));
  // The server may be there all the same, and has not heard of it.
  if (reply.refusal !== undefined) settings.dismiss(session);
  // While its server took its time with the DELETE, the session may have been opened anew elsewhere.
  const place = settings.places.where(session);
  if (!isSame(place, session)) settings.dismiss(place);
  // What the client sends next may come to another process, which must know.
  const told = settings.places.end(session);
  return told === undefined ? reply : told.then(() => reply);
}

/** Gives the client an id of the gateway's own for the session that the upstream has just opened. */
function seal(x: Exchange, reply: Reply, settings: AffinitySettings): Reply | Promise<Reply> {
  if (reply.upstreamSession === undefined || reply.status >= 300 || x.endpoint === undefined) return reply;
  const now = Math.floor(settings.now() / 1000);
  const session: Session = {
    endpointId: x.endpoint.id,
    upstreamId: reply.upstreamSession,
    openedAt: now,
    expiresAt: now + Math.floor(settings.sessionTtlMs / 1000),
    nonce: randomBytes(8).toString('base64url'),
    hello: settings.recovers ? helloOf(x.body) : undefined,
  };
  const scope = scopeOf(x, settings);
  const id =
    settings.codec.seal(session, scope) ?? settings.codec.seal({ ...session, hello: undefined }, scope);
  if (id === undefined) {
    const why = refusal('upstream_failed', { message: "The upstream server's session id is too long" });
    x.cancel(why);
    return x.refuse(why);
  }
  settings.places.opened(session);
  settings.live.opened(session, settings.pool, x.principal.id, mostOf(x, settings));
  const sealed = { ...reply, headers: [...reply.headers, 'mcp-session-id', id] };
  // The client's next request may come to another process, which must find the session's record.
  const noted = settings.recovers ? settings.records.opened(session) : undefined;
  return noted === undefined ? sealed : noted.then(() => sealed);
}
