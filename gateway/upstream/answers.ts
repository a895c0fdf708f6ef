// Answers: what the messages that come back for an exchange mean to it.
import { isUtf8 } from 'node:buffer';
import type { Exchange, StreamSign } from '../core/exchange.ts';
import type { Envelope } from '../mcp/envelope.ts';
import { Method } from '../mcp/methods.ts';
import type { ReplyPeek } from '../mcp/reply-peek.ts';
import { sameId } from './verdict.ts';

/** Writes down whether the answer was an error, of the protocol or of the tool. */
export function noteOutcome(x: Exchange, answer: ReplyPeek): void {
  if (answer.hasError) x.errorType = answer.errorCode ?? '_OTHER';
  else if (answer.isError) x.errorType = 'tool_error';
}

/** Whether nothing is owed any more once `answer`, the `nth` response on the stream, has gone by. */
export function isLastAnswer({ kind, id, items }: Envelope, answer: ReplyPeek, nth: number): boolean {
  if (kind === 'request') return sameId(answer.id, id);
  return nth === items.filter((item) => item.kind === 'request').length;
}

/** What a message on the stream says to the stages that wait for the answer. */
export function signOf({ method, id }: ReplyPeek): StreamSign {
  if (method === Method.progress) return 'progress';
  return method !== undefined && id !== undefined ? 'asks_client' : 'other';
}

/** The bytes of an answer that came in pieces, copied only where there were several. */
export function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** Whether JSON can be read as it was meant: decoded with replacement characters it says something else (RFC 8259 §8.1). */
export function isText(body: Buffer | null): boolean {
  return body === null || isUtf8(body);
}
