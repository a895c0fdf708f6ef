// One attempt at one endpoint: sends the request, follows the answer, and ends exactly once.
import { isUtf8 } from 'node:buffer';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import type { AttemptTrace } from '../core/trace.ts';
import type { AnswerHead } from '../http1/answer-head.ts';
import type { AnswerHandler, Connection, QueuePlace } from '../http1/connection.ts';
import { ReplyPeek } from '../mcp/reply-peek.ts';
import { SseScanner } from '../mcp/sse-scanner.ts';
import { bodyFailure, headFailure, statusFailure, unusable } from './answer-failures.ts';
import { isLastAnswer, joined, noteOutcome, signOf } from './answers.ts';
import type { AttemptEnd, AttemptOwner } from './attempt-owner.ts';
import { connectionFailure } from './connection-failure.ts';
import { ReplyHeaders } from './reply-headers.ts';

/** JSON answers up to this many bytes are held until whole, checked and sent at once; larger ones are passed on as they come. */
const HOLD_BYTES = 64 * 1024;
/** How long the head of a stream may be held while nothing else comes: the client may wait for it, in ms. */
const HOLD_HEAD_MS = 5000;

/** Hears the answer off its connection on one side and is the reply's byte stream on the other. */
export class Attempt implements AnswerHandler, ByteStream {
  /** What the endpoint is told of the trace; undefined where nothing is traced. */
  trace: AttemptTrace | undefined = undefined;
  readonly #x: Exchange;
  readonly endpoint: Endpoint;
  isOver = false;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly #owner: AttemptOwner;
  #connection: Connection | undefined = undefined;
  #place: QueuePlace | undefined = undefined;
  #sink: Sink | undefined = undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #status = 0;
  #headers: string[] = [];
  #upstreamSession: string | undefined = undefined;
  #peek: ReplyPeek | undefined = undefined;
  #sse: SseScanner | undefined = undefined;
  #delivered = false;
  #headTimer: NodeJS.Timeout | undefined = undefined;
  /** Responses seen on the answer's stream. */
  #answers = 0;
  #ending: Refusal | 'end' | undefined = undefined;

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
    this.#headers = headers.passed;
    this.#upstreamSession = headers.sessionId;
    if (headers.eventStream) {
      this.#sse = new SseScanner((message) => this.#onMessage(message));
      // Many servers send this head before they work; what has only got so far can still be sent elsewhere.
      if (!this.#owner.mayRepeat) this.#give(this, true);
      else this.#headTimer = setTimeout(() => this.#give(this, true), HOLD_HEAD_MS);
    } else {
      if (headers.json) this.#peek = new ReplyPeek();
      if (typeof framing !== 'number' || framing <= HOLD_BYTES) return;
      this.#headers.push('content-length', String(framing));
      this.#give(this, false);
    }
  }

  onBody(chunk: Buffer): void {
    if (this.isOver) return;
    this.#x.replyBytes += chunk.length;
    this.#peek?.push(chunk);
    this.#sse?.push(chunk);
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) this.#connection?.pause(this);
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#delivered) return;
    if (this.#sse !== undefined) this.#give(this, true);
    else if (this.#heldBytes > HOLD_BYTES) this.#give(this, false);
  }

  onEnd(): void {
    if (this.isOver) return;
    const x = this.#x;
    if (this.#sse !== undefined) {
      const owed = x.envelope.kind === 'request' && !x.replied && !x.stream;
      // A stream that has event ids may end before the answer: the client comes back for the rest
      // (MCP 2025-11-25, transports, "Resumability and Redelivery").
      const early = owed && !this.#sse.resumable;
      if (early) return this.#breakOff(unusable('ended its answer too early'));
      return this.#finish('end', 'answered');
    }
    const peek = this.#peek;
    const broken = peek === undefined ? undefined : bodyFailure(x, this.#status, peek);
    if (broken !== undefined) return this.#breakOff(broken);
    if (this.#delivered) {
      if (peek !== undefined) noteOutcome(x, peek);
      return this.#finish('end', 'answered');
    }
    const body = this.#heldBytes === 0 ? null : joined(this.#held);
    // JSON that a client decodes with replacement characters is another answer than the one given (RFC 8259 §8.1).
    const isText = peek === undefined || body === null || isUtf8(body);
    if (!isText) return this.#breakOff(unusable('answered with broken JSON'));
    if (peek !== undefined) noteOutcome(x, peek);
    const failure = statusFailure(this.#status, this.#headers);
    this.#end(failure ?? 'answered');
    this.#give(body, false, failure);
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.#break(connectionFailure(error, this.#connection !== undefined));
  }

  start(sink: Sink): void {
    this.#sink = sink;
    for (const chunk of this.#held) {
      if (!sink.write(chunk)) this.#connection?.pause(this);
    }
    this.#held = [];
    if (this.#ending === 'end') sink.end();
    else if (this.#ending !== undefined) sink.fail(this.#ending);
  }

  resume(): void {
    if (!this.isOver) this.#connection?.resume(this);
  }

  get atBoundary(): boolean {
    return this.#sse?.atBoundary ?? false;
  }

  /** The client has gone: whether that ends the upstream's work is the era's rule. */
  clientGone(): void {
    const resumable = this.#sse?.resumable ?? false;
    // A resumed stream is a new request; the upstream takes it only when the old connection is closed.
    if (!this.#x.shared && (this.#x.era.disconnectCancels || this.#x.stream || resumable)) {
      this.#x.errorType ??= 'cancelled';
      this.abort(refusal('upstream_failed', { message: 'The client has gone' }));
    } else this.resume();
  }

  /** Ends the upstream request; whoever still waits gets `why`. */
  abort(why: Refusal): void {
    if (this.isOver) return;
    const isFault = why.reason === 'timeout' && this.#place?.full !== true;
    const end = isFault ? new Failure('timeout', true, why.message) : 'abandoned';
    if (this.#delivered) this.#finish(why, end);
    else {
      const { errorType } = this.#x;
      const reply = this.#x.refuse(why);
      // What was known before, that the client has gone, says more.
      this.#x.errorType = errorType ?? why.reason;
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

  #give(body: Reply['body'], sse: boolean, failure?: Failure): void {
    this.#delivered = true;
    clearTimeout(this.#headTimer);
    const reply: Reply = {
      status: this.#status,
      headers: this.#headers,
      body,
      sse,
      upstreamSession: this.#upstreamSession,
      refusal: undefined,
    };
    this.#owner.reply(this, reply, failure);
  }

  #onMessage(message: ReplyPeek): void {
    const x = this.#x;
    if (message.hasResult || message.hasError) {
      this.#answers++;
      if (isLastAnswer(x.envelope, message, this.#answers)) x.replied = true;
      noteOutcome(x, message);
    }
    x.follower?.heard(signOf(message));
  }

  #breakOff(failure: Failure): void {
    this.#connection?.abort(this);
    this.#break(failure);
  }

  #break(failure: Failure): void {
    if (this.#delivered) this.#finish(refusal('upstream_failed', { message: failure.message }), failure);
    else {
      this.#end(failure);
      this.#owner.failed(this, failure);
    }
  }

  /** Ends a stream that the client may already be reading. */
  #finish(why: Refusal | 'end', end: AttemptEnd): void {
    // Nothing is owed any more on a call's stream whose answer has gone by: whatever comes then, it just ends.
    const how = this.#x.replied && !this.#x.stream ? 'end' : why;
    if (how !== 'end') this.#x.errorType ??= how.reason;
    this.#end(end);
    if (this.#sink === undefined) this.#ending = how;
    else if (how === 'end') this.#sink.end();
    else this.#sink.fail(how);
  }

  #end(end: AttemptEnd): void {
    this.isOver = true;
    this.#place?.leave();
    clearTimeout(this.#headTimer);
    this.#owner.ended(this, end);
  }
}
