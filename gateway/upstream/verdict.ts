// Verdicts: whether an upstream's answer can be passed on, or is one that the client could only misread.
import type { Exchange } from '../core/exchange.ts';
import type { ReplyPeek } from '../mcp/reply-peek.ts';

/** Why an answer of this status and type is unusable, judged before its body; undefined when it may pass. */
export function judgeHead(
  x: Exchange,
  status: number,
  json: boolean,
  sse: boolean,
  passesAuthorization: boolean,
): string | undefined {
  if (status >= 300 && status < 400) return `answered with a redirect (${status}), which is not followed`;
  if (status === 401 && !passesAuthorization)
    return 'refused the credential that the gateway holds for it (401)';
  if (x.envelope.kind !== 'request' && x.envelope.kind !== 'batch') {
    return status >= 500 && !json ? `answered ${status}` : undefined;
  }
  if (json || sse) return undefined;
  if (status >= 500) return `answered ${status}`;
  if (status >= 400) return undefined;
  return `answered ${status} without JSON or an event stream`;
}

/**
 * Why a JSON body that has arrived whole is no answer to this request; undefined when it is one. An error status is
 * often not the server's but of something before it, which calls anything JSON: it is then taken as the status says.
 */
export function judgeBody(x: Exchange, status: number, peek: ReplyPeek): string | undefined {
  const { envelope } = x;
  if (envelope.kind !== 'request' && envelope.kind !== 'batch') return undefined;
  if (isClientError(status)) return undefined;
  const isJson = peek.complete && !peek.broken;
  const isAnswer = envelope.kind === 'batch' || peek.hasResult || peek.hasError;
  if (status >= 500 && !(isJson && isAnswer)) return `answered ${status}`;
  if (!isJson) return BROKEN;
  if (!isAnswer) return 'answered with something other than a JSON-RPC response';
  return isForeign(x, peek) ? FOREIGN : undefined;
}

/** A 4xx (RFC 9110 §15.5): the caller is told, and whatever its body is speaks against nobody. */
export function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}

/** What is wrong with an answer that is no JSON. */
export const BROKEN = 'answered with broken JSON';

/** What is wrong with an answer to a request that was not asked. */
export const FOREIGN = 'answered under the id of another request';

/** Whether a response is one to another request than `x`; an error need not know whose it is (JSON-RPC 2.0, section 5). */
export function isForeign({ envelope }: Exchange, { hasError, id }: ReplyPeek): boolean {
  if (envelope.kind !== 'request' || (hasError && (id === undefined || id === 'null'))) return false;
  return !sameId(id, envelope.id);
}

/**
 * Whether two raw JSON ids are the same value: `1` is `1.0`, and `"\u0061"` is `"a"`, but `1` is not `"1"`. Numbers that
 * JavaScript cannot tell apart must be spelled alike: 9007199254740993 is not 9007199254740992.
 */
export function sameId(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return a !== undefined;
  if (a === undefined || b === undefined) return false;
  try {
    const value: unknown = JSON.parse(a);
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
    return value === JSON.parse(b);
  } catch {
    return false;
  }
}
