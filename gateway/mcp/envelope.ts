// The envelope: the few fields of a JSON-RPC message that the gateway looks at, and nothing else of it.
import type { ErrorCode } from './error-codes.ts';

/** Where a value lies in the body: byte offsets, a string's quotes included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The W3C trace context that `_meta` carries (SEP-414), as far as its values are strings; its baggage passes unread. */
export interface MetaTrace {
  traceparent: ByteRange | undefined;
  tracestate: ByteRange | undefined;
}

/** What a request body holds, as far as the gateway looks. */
export interface Envelope {
  readonly kind: 'request' | 'notification' | 'response' | 'batch' | 'none';
  /** Empty for responses, batches and requests without a body. */
  readonly method: string;
  /** Raw JSON text of the id, so that it comes back byte for byte (9007199254740993 survives). */
  readonly id: string | undefined;
  /** `params.name`, `params.uri` or `params.taskId`, whichever `Mcp-Name` mirrors for this method. */
  readonly name: string | undefined;
  /** True when `_meta` claims a protocol version, well-formed or not: the mark of a stateless request. */
  readonly claimed: boolean;
  /** The claimed version where it is a string. */
  readonly revision: string | undefined;
  /** Raw JSON text of `_meta.progressToken`. */
  readonly progressToken: string | undefined;
  /** Undefined where `_meta` has no trace context. */
  readonly trace: MetaTrace | undefined;
  /** `params.requestId` of `notifications/cancelled`, raw. */
  readonly requestId: string | undefined;
  /** True when the request goes on with an earlier one (`inputResponses` or `requestState`): never cached. */
  readonly continued: boolean;
  /** True when `params` has members beside those read here: they may change what the answer is. */
  readonly extended: boolean;
  /** `_meta["mcp-gateway/cache"]` where it is a string: what the client wants of the cache. */
  readonly cacheWish: string | undefined;
  /** Byte range of `params.arguments` in the body; empty range when absent. */
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
  /** The messages of a batch. */
  readonly items: readonly Envelope[];
}

export const noEnvelope: Envelope = {
  kind: 'none',
  method: '',
  id: undefined,
  name: undefined,
  claimed: false,
  revision: undefined,
  progressToken: undefined,
  trace: undefined,
  requestId: undefined,
  continued: false,
  extended: false,
  cacheWish: undefined,
  argumentsStart: 0,
  argumentsEnd: 0,
  items: [],
};

/** A body that is no JSON-RPC message. */
export interface BadEnvelope {
  readonly problem: string;
  readonly code: typeof ErrorCode.parseError | typeof ErrorCode.invalidRequest;
  /** Raw id, where one was read before the fault. */
  readonly id: string | undefined;
}

/** Whether a message, or any in a batch, is a request. */
export function awaitsAnswer({ kind, items }: Envelope): boolean {
  return kind === 'request' || items.some((item) => item.kind === 'request');
}
