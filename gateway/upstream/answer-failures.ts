// Answer failures: the failures that answers stand for, though the connection did all it should.
import type { Exchange } from '../core/exchange.ts';
import { Failure } from '../core/failure.ts';
import { headerOf } from '../core/reply.ts';
import type { ReplyPeek } from '../mcp/reply-peek.ts';
import { isText } from './answers.ts';
import type { ReplyHeaders } from './reply-headers.ts';
import { retryAfterMs } from './reply-headers.ts';
import { BROKEN, isClientError, judgeBody, judgeHead } from './verdict.ts';

/** An answer that cannot be passed on; `fault` completes "The upstream server". */
export function unusable(fault: string): Failure {
  return new Failure('unusable', true, `The upstream server ${fault}`);
}

/** What an answer's status and headers break; undefined when it may pass so far. */
export function headFailure(
  x: Exchange,
  status: number,
  headers: ReplyHeaders,
  passesAuthorization: boolean,
): Failure | undefined {
  const { contentEncoding: encoding, json, eventStream } = headers;
  if (encoding !== undefined && encoding !== 'identity') {
    return unusable(`answered with content-encoding ${encoding}, though it was asked for none`);
  }
  const fault = judgeHead(x, status, json, eventStream, passesAuthorization);
  if (fault === undefined) return undefined;
  const kind = status >= 500 ? 'status' : status === 401 ? 'credential' : 'unusable';
  return new Failure(kind, true, `The upstream server ${fault}`, {
    retryAfterMs: retryAfterMs(headers.retryAfter),
  });
}

/** What a JSON body that has come whole breaks, `body` as far as it was held; undefined when it is an answer. */
export function bodyFailure(
  x: Exchange,
  status: number,
  headers: readonly string[],
  peek: ReplyPeek,
  body: Buffer | null,
): Failure | undefined {
  const fault = judgeBody(x, status, peek) ?? (isClientError(status) || isText(body) ? undefined : BROKEN);
  if (fault === undefined) return undefined;
  if (status < 500) return unusable(fault);
  return new Failure('status', true, `The upstream server ${fault}`, {
    retryAfterMs: retryAfterMs(headerOf(headers, 'retry-after')),
  });
}

/** What a whole answer says of its server, though it can be passed on: a 5xx with a message is an answer too. */
export function statusFailure(status: number, headers: readonly string[]): Failure | undefined {
  if (status < 500) return undefined;
  const waits = headerOf(headers, 'retry-after') === undefined ? undefined : 0;
  return new Failure('status', true, `The upstream server answered ${status}`, { retryAfterMs: waits });
}
