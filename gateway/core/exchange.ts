// The exchange: one request and its reply, with all that the stages learn of it on the way.
import type { Envelope } from '../mcp/envelope.ts';
import { noEnvelope } from '../mcp/envelope.ts';
import type { Era } from '../mcp/eras/era.ts';
import type { Inbound } from '../mcp/inbound.ts';
import type { Endpoint } from './endpoint.ts';
import type { Failure } from './failure.ts';
import type { Principal } from './principal.ts';
import { anonymous } from './principal.ts';
import type { Refusal } from './refusal.ts';
import {
  callCancelled,
  cancelledResult,
  clientGone,
  errorTypeOf,
  refusalMessage,
  retryAfter,
} from './refusal.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';
import type { Trace } from './trace.ts';

/** How the cache took part in an answer; a word of logs, metrics and `_meta`. */
export type CacheStatus = 'hit' | 'miss' | 'stale' | 'coalesced' | 'bypass';

/** Counts what bodies take while they come. */
export interface BodyMeter {
  /** Adds so many bytes to what the body of `x` takes, until it is closed; or the refusal where that is too much. */
  take(x: Exchange, bytes: number): Refusal | undefined;
}

/** Reads the request body: at most the configured bytes, or the refusal to send instead. */
export type BodyReader = (meter: BodyMeter) => Promise<Buffer | Refusal>;

/** What is in charge of an exchange: what holds it back for a while, or what forwards it. */
export interface Running {
  /** Something of it may be with a server, or an answer has come; left out where neither can be. */
  readonly isUnderWay?: boolean;
  /** Ends it; whoever waits for the answer gets `why`. */
  cancel(why: Refusal): void;
  /** The client has gone; left out where that ends nothing. */
  clientGone?(): void;
  /** The endpoint has been found not to answer: goes elsewhere where that does no harm. */
  leave?(endpoint: Endpoint): void;
}

/** A fetch whose answer others may wait for. */
export interface SharedFetch {
  /** No answer may come any more: whoever waits asks anew, and nobody joins. */
  forsake(): void;
}

/** What a message on the answer's stream means to the stages that wait for it. */
export type StreamSign = 'progress' | 'asks_client' | 'other';

/** Hears of the messages that go by on an answer's stream. */
export interface StreamFollower {
  heard(sign: StreamSign): void;
}

/** What a reply of the gateway's own has nothing of. */
const nothing = { body: null, sse: false, upstreamSession: undefined } as const;

/**
 * One request and its reply. All fields are set in the constructor (one hidden class), whatever the request.
 * It ends with `close`, at the last byte or when nothing more can come; then everything deferred is given back.
 */
export class Exchange {
  readonly inbound: Inbound;
  readonly readBody: BodyReader;
  /** Monotonic ms. */
  readonly startedAt: number;
  principal: Principal;
  body: Buffer | undefined = undefined;
  envelope: Envelope = noEnvelope;
  era: Era;
  session: Session | undefined = undefined;
  /** Who answers, or would have. */
  endpoint: Endpoint | undefined = undefined;
  /** The endpoint that this exchange must reach, whatever the balancer would say. */
  pinned: Endpoint | undefined = undefined;
  attempts = 0;
  /** Those of them of which nothing was sent: they have cost no upstream anything. */
  unsentAttempts = 0;
  /** Monotonic ms at which the last attempt began, and at which its first answer byte came; 0: not yet. */
  sentAt = 0;
  answeredAt = 0;
  /** Name of the pool that its route leads to. */
  pool = '';
  /** Monotonic ms of its close; 0 before. */
  endedAt = 0;
  /** Time spent with upstreams over all attempts that have ended, in ms. */
  upstreamMs = 0;
  /** Time spent in the queues of limits, in ms. */
  queueMs = 0;
  /** Why it did not succeed: the refusal's reason, the JSON-RPC code, `tool_error`; undefined on success. */
  errorType: string | undefined = undefined;
  /** What broke the last attempt, while no other has been made. */
  failure: Failure | undefined = undefined;
  /** What traces it; undefined where nothing is traced. */
  trace: Trace | undefined = undefined;
  /** Bytes of the answer's body. */
  replyBytes = 0;
  /** The tool's result was longer than its client may get, and has been cut: it is not to be kept for others. */
  truncated = false;
  /** Long-lived: a GET stream or `subscriptions/listen`; exempt from call timeouts and counted apart. */
  stream = false;
  /** Bytes of its body that count against its client. */
  bodyBytes = 0;
  /** Slots of its client's that it takes. */
  slots = 0;
  /** They have been given back before its end. */
  slotsFreed = false;
  /** Its client has cancelled it and waits for no answer. It goes on until its upstream ends it or its time is up. */
  cancelled = false;
  /** The answer to the request has gone by on the stream; nothing is owed any more. */
  replied = false;
  /** Its server has asked its client something on the answer's stream. */
  hasAsked = false;
  clientGone = false;
  /** Why it was given up while nothing was in charge of it. */
  #givenUp: Refusal | undefined = undefined;
  /** Other exchanges wait for this one's answer: its client may leave, but its upstream side goes on. */
  shared = false;
  /** What it leads; undefined where nobody can join. */
  fetch: SharedFetch | undefined = undefined;
  /** Undefined where no cache rule applies. */
  cacheStatus: CacheStatus | undefined = undefined;
  closed = false;
  /** Its place among the live exchanges. */
  slot = -1;
  running: Running | undefined = undefined;
  /** The stage that follows the answer's stream. */
  follower: StreamFollower | undefined = undefined;
  #deferred: ((x: Exchange) => void)[] = [];

  constructor(inbound: Inbound, era: Era, readBody: BodyReader, now: number) {
    this.inbound = inbound;
    this.era = era;
    this.readBody = readBody;
    this.startedAt = now;
    this.principal = anonymous(inbound.client);
  }

  /** Runs at the end of the exchange, last deferred first. It is given the exchange, so that it need not be a closure. */
  defer(release: (x: Exchange) => void): void {
    if (this.closed) release(this);
    else this.#deferred.push(release);
  }

  /** The last byte is out, or nothing more can come. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.running = undefined;
    for (let i = this.#deferred.length - 1; i >= 0; i--) this.#deferred[i]?.(this);
    this.follower = undefined;
    this.#deferred = [];
  }

  /** Gives up on the upstream; the client, if still there, is answered with `why`. */
  cancel(why: Refusal): void {
    if (this.running === undefined) this.#givenUp ??= why;
    else this.running.cancel(why);
  }

  /** Why nothing need be begun for it any more: what is about to be in charge of it asks, for nobody was before. */
  get givenUp(): Refusal | undefined {
    const isLeft = this.clientGone && !this.shared && (this.stream || this.era.disconnectCancels);
    return this.#givenUp ?? (isLeft ? clientGone : undefined);
  }

  /** The client's connection has gone before the answer was complete. */
  disconnect(): void {
    if (this.clientGone) return;
    this.clientGone = true;
    this.running?.clientGone?.();
  }

  /** Nobody else waits for the answer any more. */
  unshare(): void {
    this.shared = false;
    if (this.clientGone) this.running?.clientGone?.();
  }

  /** The reply that a refusal makes here: one error for each request that waits for an answer. */
  refuse(why: Refusal): Reply {
    this.errorType = errorTypeOf(why);
    if (why === callCancelled) return { ...nothing, status: why.status, headers: [], refusal: why };
    const headers = ['content-type', 'application/json'];
    if (why.retryAfterMs !== undefined) headers.push('retry-after', retryAfter(why.retryAfterMs));
    if (why.headers !== undefined) headers.push(...why.headers);
    const body = Buffer.from(this.refusalText(why));
    return { ...nothing, status: why.status, headers, body, refusal: why };
  }

  /** JSON text of a refusal for the request or, in a batch, for each of its requests. */
  refusalText(why: Refusal): string {
    const waiting = this.envelope.items.filter((item) => item.kind === 'request');
    if (waiting.length === 0) {
      // The id of a posted response is the upstream's: to the client it could be that of a request of its own.
      const id = this.envelope.kind === 'response' ? undefined : this.envelope.id;
      return refusalMessage(why, id ?? null);
    }
    return `[${waiting.map((item) => refusalMessage(why, item.id ?? null)).join(',')}]`;
  }

  /** It is sent once more, as if nothing had been answered. */
  beginAnew(): void {
    this.answeredAt = 0;
    this.replyBytes = 0;
    this.replied = false;
    this.errorType = undefined;
    this.failure = undefined;
  }

  /** The text that ends an event stream early; `owed`: the client still waits for an answer on it. */
  lastEvent(why: Refusal, owed: boolean): string {
    if (this.stream && why.reason === 'draining') return this.era.farewell(this.envelope);
    if (!owed) return '';
    const text = why === callCancelled ? cancelledResult(this.envelope.id) : this.refusalText(why);
    return `event: message\ndata: ${text}\n\n`;
  }
}
