// One attempt at one endpoint: sends the request, follows the answer, and ends exactly once.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { type AttemptEnd, Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { callCancelled, clientGone, errorTypeOf, refusal } from '../core/refusal.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import type { AttemptTrace } from '../core/trace.ts';
import type { AnswerHead } from '../http1/answer-head.ts';
import type { AnswerHandler, Connection, QueuePlace } from '../http1/connection.ts';
import { ReplyPeek } from '../mcp/reply-peek.ts';
import { AnswerBody, HOLD_BYTES } from './answer-body.ts';
import { bodyFailure, headFailure, statusFailure, unusable } from './answer-failures.ts';
import { AnswerStream, HOLD_HEAD_MS, LINGER_MS } from './answer-stream.ts';
import { noteOutcome } from './answers.ts';
import type { AttemptOwner } from './attempt-owner.ts';
import { connectionFailure } from './connection-failure.ts';
import { ReplyHeaders } from './reply-headers.ts';
import { FOREIGN } from './verdict.ts';

/** Hears the answer off its connection on one side and is the reply's byte stream on the other. */
export class Attempt implements AnswerHandler, ByteStream {
  /** What the endpoint is told of the trace; undefined where nothing is traced. */
  trace: AttemptTrace | undefined = undefined;
  readonly #x: Exchange;
  readonly endpoint: Endpoint;
  isOver = false;
  /** An answer, or the beginning of one, has been given to the owner. */
  isDelivered = false;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly #owner: AttemptOwner;
  #connection: Connection | undefined = undefined;
  #place: QueuePlace | undefined = undefined;
  readonly #body = new AnswerBody();
  #status = 0;
  #headers: string[] = [];
  #upstreamSession: string | undefined = undefined;
  #peek: ReplyPeek | undefined = undefined;
  #sse: AnswerStream | undefined = undefined;
  /** Ends the wait for more: before the answer has begun, or after it. */
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(x: Exchange, endpoint: Endpoint, owner: AttemptOwner, startedAt: number) {
    this.#x = x;
    this.endpoint = endpoint;
    this.startedAt = startedAt;
    this.#owner = owner;
  }

  onQueued(place: QueuePlace): void {
    this.#place = place;
  }

  onSent(connection: Connection): void {
    this.#place = undefined;
    this.#connection = connection;
  }

  onHead(head: AnswerHead): void {
    const x = this.#x;
    const { status, framing } = head;
    x.answeredAt = performance.now();
    this.endpoint.noteLatency(x.answeredAt - this.startedAt, x.answeredAt);
    const headers = ReplyHeaders.of(head);
    const failure = headFailure(x, status, headers, this.#owner.passesAuthorization);
    if (failure !== undefined) {
      // Its body may be short, and its connection as good as before.
      this.#connection?.discard(this);
      return this.#break(failure);
    }
    this.#status = status;
    this.#headers = headers.passed(this.#owner.passesAuthorization);
    this.#upstreamSession = headers.sessionId;
    if (headers.eventStream) {
      this.#sse = new AnswerStream(x);
      if (this.#owner.mayRepeat) this.#holdHead();
      else this.#give(this);
    } else {
      if (headers.json) this.#peek = new ReplyPeek();
      if (typeof framing !== 'number' || framing <= HOLD_BYTES) return;
      this.#headers.push('content-length', String(framing));
      this.#give(this);
    }
  }

  /** Many servers send this head before they work: what has only got so far can be sent elsewhere, and wins no race. */
  #holdHead(): void {
    const onTime = () => (this.#owner.isRacing ? this.#holdHead() : this.#give(this));
    this.#timer = setTimeout(onTime, HOLD_HEAD_MS);
  }

  onBody(chunk: Buffer): void {
    if (this.isOver) return;
    this.#x.replyBytes += chunk.length;
    this.#peek?.push(chunk);
    this.#sse?.push(chunk);
    if (this.#sse?.isForeign) return this.#breakOff(unusable(FOREIGN));
    if (!this.#body.push(chunk)) this.#connection?.pause(this);
    if (!this.isDelivered && (this.#sse?.hasBegun || this.#body.heldBytes > HOLD_BYTES)) this.#give(this);
    if (this.#sse?.isAnswered && !this.isOver) this.#timer ??= setTimeout(() => this.#hangUp(), LINGER_MS);
  }

  onEnd(): void {
    if (this.isOver) return;
    const x = this.#x;
    if (this.#sse !== undefined) {
      // A stream that has event ids may end before the answer: the client comes back for the rest
      // (MCP 2025-11-25, transports, "Resumability and Redelivery").
      if (this.#sse.isOwed && (x.cancelled || !this.#sse.resumable))
        return this.#breakOff(unusable('ended its answer too early'));
      return this.#finish('end', 'answered');
    }
    const peek = this.#peek;
    const body = this.isDelivered ? null : this.#body.whole();
    const broken = peek === undefined ? undefined : bodyFailure(x, this.#status, this.#headers, peek, body);
    if (broken !== undefined) return this.#breakOff(broken);
    if (peek !== undefined) noteOutcome(x, peek);
    if (this.isDelivered) return this.#finish('end', 'answered');
    const failure = statusFailure(this.#status, this.#headers);
    if (failure !== undefined && x.cancelled) return this.abort(callCancelled);
    this.#end(failure ?? 'answered');
    this.#give(body, failure);
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.#break(connectionFailure(error, this.isSent, this.#connection !== undefined));
  }

  start(sink: Sink): void {
    if (!this.#body.start(sink)) this.#connection?.pause(this);
  }

  resume(): void {
    if (!this.isOver) this.#connection?.resume(this);
  }

  get atBoundary(): boolean {
    return this.#sse?.atBoundary ?? false;
  }

  /** The client has gone: whether that ends the upstream's work is the era's rule. */
  clientGone(): void {
    // A resumed stream is a new request; the upstream takes it only when the old connection is closed.
    const ends = this.#x.era.disconnectCancels || this.#x.stream || this.#sse?.resumable === true;
    if (ends && !this.#x.shared) this.abort(clientGone);
    else this.resume();
  }

  /** Something of the request may be with the endpoint. */
  get isSent(): boolean {
    return this.#connection?.isWritten === true;
  }

  /** For a connection that others use, or for a client that does not read. */
  get #waitsForOthers(): boolean {
    return this.#place?.full === true || this.#connection?.isPaused === true;
  }

  /** Ends the upstream request; whoever still waits gets `why`. */
  abort(why: Refusal): void {
    if (this.isOver) return;
    const isFault = why.reason === 'timeout' && !this.#waitsForOthers && !this.#sse?.isAnswered;
    const end = isFault ? new Failure('timeout', true, why.message) : 'abandoned';
    if (this.isDelivered) this.#finish(why, end);
    else {
      const reply = this.#x.refuse(why);
      this.#end(end);
      this.#owner.reply(this, reply, undefined);
    }
    this.#connection?.abort(this);
  }

  /** Ends the upstream request without a word: another attempt has answered. */
  abandon(): void {
    if (this.isOver) return;
    this.#end('abandoned');
    this.#connection?.abort(this);
  }

  #give(body: Reply['body'], failure?: Failure): void {
    this.isDelivered = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reply: Reply = {
      status: this.#status,
      headers: this.#headers,
      body,
      sse: this.#sse !== undefined,
      upstreamSession: this.#upstreamSession,
      refusal: undefined,
    };
    this.#owner.reply(this, reply, failure);
  }

  /** Nothing more is owed, and the server does not hang up. */
  #hangUp(): void {
    this.#connection?.abort(this);
    this.#finish('end', 'answered');
  }

  #breakOff(failure: Failure): void {
    this.#connection?.abort(this);
    this.#break(failure);
  }

  #break(failure: Failure): void {
    // What its client has cancelled need not be answered: however that ends, it says nothing of the server.
    if (this.#x.cancelled) return this.abort(callCancelled);
    if (!this.isDelivered) {
      this.#end(failure);
      return this.#owner.failed(this, failure);
    }
    const lost = refusal('upstream_failed', { message: failure.message });
    const sse = this.#sse;
    const isResumed = this.#x.era.sessionful && sse?.resumable === true && failure.kind === 'reset';
    if (!isResumed) return this.#finish(lost, failure);
    // Its client resumes it, and an error would be the last word: right only where nobody is left who has the rest.
    if (!sse.isOwed) this.#leaveOff('end', failure);
    else void this.#owner.isThere(this).then((there) => this.#leaveOff(there ? 'end' : lost, failure));
  }

  /** Ends a stream whose connection has broken, unless it has been ended meanwhile. */
  #leaveOff(how: Refusal | 'end', failure: Failure): void {
    if (this.isOver) return;
    if (!this.#x.replied && !this.#x.cancelled) this.#x.errorType ??= 'upstream_failed';
    this.#finish(this.#x.cancelled ? callCancelled : how, failure);
  }

  /** Ends a stream that the client may already be reading. */
  #finish(why: Refusal | 'end', end: AttemptEnd): void {
    // Nothing is owed any more on a call's stream whose answer has gone by: whatever comes then, it just ends.
    const how = this.#sse?.isAnswered ? 'end' : why;
    if (how !== 'end') this.#x.errorType ??= errorTypeOf(how);
    this.#end(end);
    this.#body.end(how);
  }

  #end(end: AttemptEnd): void {
    this.isOver = true;
    this.#place?.leave();
    clearTimeout(this.#timer);
    this.#owner.ended(this, end);
  }
}
