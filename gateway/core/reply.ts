// Replies: what goes down to the client, complete in memory or as a stream of bytes.
import type { Refusal } from './refusal.ts';

/** Takes the bytes of a stream; `write` returns false when the reader is slow: wait for `resume`. */
export interface Sink {
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** The stream broke off: what was written must not look complete. */
  fail(why: Refusal): void;
}

/** Bytes that arrive over time. `start` is called once; nothing flows before. */
export interface ByteStream {
  start(sink: Sink): void;
  /** The sink that answered false can take bytes again. */
  resume(): void;
  /** Whether what has been written ends between two events, where a comment may be put in. */
  readonly atBoundary: boolean;
}

/** The answer to one exchange. */
export interface Reply {
  readonly status: number;
  /** Answer headers as name, value, name, value. */
  readonly headers: string[];
  readonly body: Uint8Array | ByteStream | null;
  /** True for `text/event-stream`: sent as it comes, kept alive with comments, never compressed or cached. */
  readonly sse: boolean;
  /** The upstream's own session id, where its answer carried one; it never reaches a client. */
  readonly upstreamSession: string | undefined;
  /** Set when the gateway itself refused. */
  readonly refusal: Refusal | undefined;
}

/** A reply of status 200 that is this JSON text. */
export function jsonReply(text: string): Reply {
  return {
    status: 200,
    headers: ['content-type', 'application/json'],
    body: Buffer.from(text),
    sse: false,
    upstreamSession: undefined,
    refusal: undefined,
  };
}

/** The reply with another body; a length that was said of the old one goes. */
export function withBody(reply: Reply, body: Buffer): Reply {
  return { ...reply, headers: withoutHeader(reply.headers, 'content-length'), body };
}

/** The value of a header by its lower-case name, the first where it comes twice. `headers`: name, value, name, value. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

function withoutHeader(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => headers[i - (i % 2)] !== name);
}
