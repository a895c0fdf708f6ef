// One attempt at one endpoint: sends the request, follows the answer, and ends exactly once.
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import type { Refusal } from '../core/refusal.ts';
import { refusal } from '../core/refusal.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import type { AttemptTrace } from '../core/trace.ts';
import { ReplyPeek } from '../mcp/reply-peek.ts';
import { SseScanner } from '../mcp/sse-scanner.ts';
import { bodyFailure, headFailure, statusFailure, unusable } from './answer-failures.ts';
import { isLastAnswer, joined, noteOutcome, signOf } from './answers.ts';
import type { AttemptEnd, AttemptOwner } from './attempt-owner.ts';
import { connectionFailure } from './connection-failure.ts';
import { isEventStream, isJson, replyHeaders } from './reply-headers.ts';

/** JSON answers up to this many bytes are held until whole, checked and sent at once; larger ones are passed on as they come. */
const HOLD_BYTES = 64 * 1024;
/** How long the head of a stream may be held while nothing else comes: the client may wait for it, in ms. */
const HOLD_HEAD_MS = 5000;

/** Speaks undici's handler interface on one side and is the reply's byte stream on the other. */
export class Attempt implements Dispatcher.DispatchHandler, ByteStream {
  /** What the endpoint is told of the trace; undefined where nothing is traced. */
  trace: AttemptTrace | undefined = undefined;
  readonly #x: Exchange;
  readonly endpoint: Endpoint;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly #owner: AttemptOwner;
  #controller: Dispatcher.DispatchController | undefined = undefined;
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
  #over = false;
  #ending: Refusal | 'end' | undefined = undefined;

  constructor(x: Exchange, endpoint: Endpoint, owner: AttemptOwner, startedAt: number) {
    this.#x = x;
    this.endpoint = endpoint;
    this.startedAt = startedAt;
    this.#owner = owner;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the exchange has ended'));
  }

  onResponseStart(_c: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#over) return;
    const x = this.#x;
    x.answeredAt = performance.now();
    this.endpoint.noteLatency(x.answeredAt - this.startedAt, x.answeredAt);
    const failure = headFailure(x, status, headers, this.#owner.passesAuthorization);
    if (failure !== undefined) return this.#breakOff(failure);
    this.#status = status;
    this.#headers = replyHeaders(headers);
    const session = headers['mcp-session-id'];
    if (typeof session === 'string') this.#upstreamSession = session;
    const type = headers['content-type'];
    if (isEventStream(type) && status < 300) {
      this.#sse = new SseScanner((message) => this.#onMessage(message));
      // Many servers send this head before they work; what has only got so far can still be sent elsewhere.
      if (!this.#owner.mayRepeat) this.#give(this, true);
      else this.#headTimer = setTimeout(() => this.#give(this, true), HOLD_HEAD_MS);
    } else {
      if (isJson(type)) this.#peek = new ReplyPeek();
      const length = headers['content-length'];
      if (length !== undefined && Number(length) > HOLD_BYTES) this.#stream(length);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#x.replyBytes += chunk.length;
    this.#peek?.push(chunk);
    this.#sse?.push(chunk);
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) controller.pause();
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#delivered) return;
    if (this.#sse !== undefined) this.#give(this, true);
    else if (this.#heldBytes > HOLD_BYTES) this.#stream(undefined);
  }

  onResponseEnd(): void {
    if (this.#over) return;
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

  onResponseError(_c: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#break(connectionFailure(error, this.#controller !== undefined));
  }

  start(sink: Sink): void {
    this.#sink = sink;
    for (const chunk of this.#held) {
      if (!sink.write(chunk)) this.#controller?.pause();
    }
    this.#held = [];
    if (this.#ending === 'end') sink.end();
    else if (this.#ending !== undefined) sink.fail(this.#ending);
  }

  resume(): void {
    if (!this.#over) this.#controller?.resume();
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
    if (this.#over) return;
    const end = why.reason === 'timeout' ? new Failure('timeout', true, why.message) : 'abandoned';
    if (this.#delivered) this.#finish(why, end);
    else {
      const { errorType } = this.#x;
      const reply = this.#x.refuse(why);
      // What was known before, that the client has gone, says more.
      this.#x.errorType = errorType ?? why.reason;
      this.#end(end);
      this.#owner.reply(this, reply, undefined);
    }
    this.#controller?.abort(new Error(why.reason));
  }

  /** Ends the upstream request without a word: another attempt has answered. */
  abandon(): void {
    if (this.#over) return;
    this.#end('abandoned');
    this.#controller?.abort(new Error('abandoned'));
  }

  #stream(length: string | undefined): void {
    if (length !== undefined) this.#headers.push('content-length', length);
    this.#give(this, false);
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
    x.onStreamMessage?.(signOf(message));
  }

  #breakOff(failure: Failure): void {
    this.#break(failure);
    this.#controller?.abort(failure);
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
    this.#over = true;
    clearTimeout(this.#headTimer);
    this.#owner.ended(this, end);
  }
}
