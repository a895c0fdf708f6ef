// Sessions: what a legacy session id stands for, and the interface of what seals and opens it.
import type { Principal } from './principal.ts';

/** A sessionful client's session: where it lives upstream. */
export interface Session {
  /** Id of the endpoint in the configuration, never its address. */
  readonly endpointId: string;
  /** The upstream's own session id. */
  readonly upstreamId: string;
  /** Seconds since the epoch at which the session was opened. */
  readonly openedAt: number;
  /** Seconds since the epoch at which the sealed id dies. */
  readonly expiresAt: number;
  /** Random per session; tells two sessions apart that are equal in all else. */
  readonly nonce: string;
  /** JSON of the client's own `initialize` parameters, with which it can be opened anew; undefined when too long. */
  readonly hello: string | undefined;
}

/** Turns sessions into ids that any process with the key can open, and only for their owner. */
export interface SessionCodec {
  /**
   * The id to give to the client: visible ASCII, bound to the route's path, the pool and the principal; undefined when
   * it would be too long to be taken back.
   */
  seal(session: Session, scope: SessionScope): string | undefined;
  /** The session, or undefined for any id that is not good here; the reason is nobody's business. */
  open(id: string, scope: SessionScope): Session | undefined;
}

/** What a sealed id is bound to: it opens nowhere else. */
export interface SessionScope {
  readonly path: string;
  readonly pool: string;
  readonly principal: Principal;
}
