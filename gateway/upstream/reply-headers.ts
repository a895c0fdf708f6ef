// Headers of upstream answers: what the gateway reads of them, and which of them reach the client.
import { headerOf } from '../core/reply.ts';
import type { AnswerHead } from '../http1/answer-head.ts';

/**
 * An allow-list: cookies, session ids, CORS and hop-by-hop headers of an upstream are not the
 * client's business (RFC 9110 §7.6.1; MCP authorization, "Token passthrough").
 */
const passed: ReadonlySet<string> = new Set([
  'content-type',
  'cache-control',
  'retry-after',
  'allow',
  'mcp-protocol-version',
  'server-timing',
  'traceresponse',
  'x-request-id',
]);

const read = new WeakMap<AnswerHead, ReplyHeaders>();

/** What an answer's headers say to the gateway. */
export class ReplyHeaders {
  readonly contentEncoding: string | undefined = undefined;
  readonly retryAfter: string | undefined = undefined;
  readonly sessionId: string | undefined = undefined;
  readonly #challenge: string | undefined = undefined;
  readonly json: boolean;
  readonly eventStream: boolean;
  readonly #passed: string[] = [];

  /** Of a header that comes twice the first one counts. */
  constructor(head: Pick<AnswerHead, 'status' | 'headers'>) {
    const raw = head.headers;
    let contentType: string | undefined;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      if (name === 'content-type') contentType ??= value;
      else if (name === 'content-encoding') this.contentEncoding ??= value;
      else if (name === 'retry-after') this.retryAfter ??= value;
      else if (name === 'mcp-session-id') this.sessionId ??= value;
      else if (name === 'www-authenticate') this.#challenge ??= value;
      if (passed.has(name) && headerOf(this.#passed, name) === undefined) this.#passed.push(name, value);
    }
    this.json = isJson(contentType);
    this.eventStream = head.status < 300 && isEventStream(contentType);
  }

  /** Those of `head`, which is often one that was read before. */
  static of(head: AnswerHead): ReplyHeaders {
    let headers = read.get(head);
    if (headers === undefined) {
      headers = new ReplyHeaders(head);
      read.set(head, headers);
    }
    return headers;
  }

  /**
   * Those for the client, as name, value, name, value; a list of the caller's own. What the upstream says of credentials
   * is for clients whose own ones reach it (RFC 9110 §11.6.1).
   */
  passed(withChallenge: boolean): string[] {
    const headers = this.#passed.slice();
    if (withChallenge && this.#challenge !== undefined) headers.push('www-authenticate', this.#challenge);
    return headers;
  }
}

const eventStream = /^text\/event-stream\s*(;|$)/i;
const json = /^application\/(?:[\w.+-]+\+)?json\s*(;|$)/i;

export function isEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && eventStream.test(contentType);
}

export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && json.test(contentType);
}

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

/** `Retry-After` in ms (RFC 9110 §10.2.3), a day at most; a date that has passed and what cannot be read count as a second. */
export function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value)
    ? Number(value) * SECOND_MS
    : Math.max(Date.parse(value) - Date.now(), SECOND_MS);
  return Number.isNaN(ms) ? SECOND_MS : Math.min(ms, DAY_MS);
}
