// The owner of an attempt: whoever makes it, and what it is told.
import type { AttemptEnd, Failure } from '../core/failure.ts';
import type { Reply } from '../core/reply.ts';
import type { Attempt } from './attempt.ts';

/** Who waits for the attempt: gets the reply, or the failure while none has been given. */
export interface AttemptOwner {
  /** Whether the request does no harm when it arrives twice. */
  readonly mayRepeat: boolean;
  /** Whether another endpoint is asked too, or is about to be: whoever has something to say first is heard. */
  readonly isRacing: boolean;
  /** Whether the client's own credential is what the server judges. */
  readonly passesAuthorization: boolean;
  /** `failure` is set when the answer is whole and yet says that the server failed (5xx). */
  reply(attempt: Attempt, reply: Reply, failure: Failure | undefined): void;
  failed(attempt: Attempt, failure: Failure): void;
  /** Whether the server that a stream came from still has what its client could come back for; never rejects. */
  isThere(attempt: Attempt): Promise<boolean>;
  /** The upstream side is over; comes once for each attempt, before `reply` or `failed` where nothing was given yet. */
  ended(attempt: Attempt, end: AttemptEnd): void;
}
