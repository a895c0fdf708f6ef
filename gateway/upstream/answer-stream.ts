// Answer streams: what the event stream that answers an exchange has said so far, followed as its bytes pass.
import type { Exchange } from '../core/exchange.ts';
import { awaitsAnswer } from '../mcp/envelope.ts';
import type { ReplyPeek } from '../mcp/reply-peek.ts';
import { SseScanner } from '../mcp/sse-scanner.ts';
import { isLastAnswer, noteOutcome, signOf } from './answers.ts';
import { isForeign } from './verdict.ts';

/** How long a stream may be held whose first event has not come: the client may wait for its head, in ms. */
export const HOLD_HEAD_MS = 5000;
/** How long a stream stays open after its answer: a server should end it then (MCP 2025-11-25, transports), and need not. */
export const LINGER_MS = 1000;

/** Follows one stream for `x`: notes its answers and their outcome, and tells what waits for them of every message. */
export class AnswerStream {
  readonly #x: Exchange;
  readonly #scanner: SseScanner;
  /** Responses seen. */
  #answers = 0;
  /** An event has come whole: there is something for the client, be it only an id to come back with. */
  hasBegun = false;
  /** It has answered a request that was not asked here: whatever it carries, the client could only misread it. */
  isForeign = false;

  constructor(x: Exchange) {
    this.#x = x;
    this.#scanner = new SseScanner((message) => this.#onMessage(message));
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk);
    this.hasBegun ||= this.#scanner.resumable;
  }

  /** It has given the client an id to come back with. */
  get resumable(): boolean {
    return this.#scanner.resumable;
  }

  /** True between events. */
  get atBoundary(): boolean {
    return this.#scanner.atBoundary;
  }

  /** Its client waits for an answer that is to come on it. */
  get isOwed(): boolean {
    return awaitsAnswer(this.#x.envelope) && !this.#x.replied && !this.#x.stream;
  }

  /** Nothing is owed any more, though the stream may be open still. */
  get isAnswered(): boolean {
    return this.#x.replied && !this.#x.stream;
  }

  #onMessage(message: ReplyPeek): void {
    const x = this.#x;
    this.hasBegun = true;
    if (this.isForeign) return;
    if (message.hasResult || message.hasError) {
      this.isForeign = !x.stream && isForeign(x, message);
      if (this.isForeign) return;
      this.#answers++;
      if (isLastAnswer(x.envelope, message, this.#answers)) x.replied = true;
      noteOutcome(x, message);
    }
    const sign = signOf(message);
    if (sign === 'asks_client') x.hasAsked = true;
    x.follower?.heard(sign);
  }
}
