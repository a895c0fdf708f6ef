// What an upstream received, kept so that a test can assert what reached it.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseOrUndefined } from '../sse-events.ts';

/** One HTTP request that arrived whole. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, spelled and ordered as they came. */
  rawHeaders: string[];
  body: Buffer;
  /** The parsed body; undefined where it is not JSON. */
  message: RpcRequest | undefined;
  /** `params.arguments.nonce`, by which a test follows one call. */
  nonce: string | undefined;
  /** The fault that answered it. */
  fault: string;
  /** Counts connections from 1; two requests with the same number shared one. */
  connection: number;
  /** True once the peer closed the connection before the reply was finished. */
  aborted: boolean;
  /** Resolves when the peer closes early; stays pending otherwise. */
  whenAborted: Promise<void>;
}

/** The parts of a JSON-RPC request that a test upstream looks at. */
export interface RpcRequest {
  id?: number | string;
  method?: string;
  params?: {
    name?: string;
    arguments?: Record<string, unknown>;
    _meta?: Record<string, unknown>;
    [key: string]: unknown;
  };
}

/** Reads the whole body. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const part of request) chunks.push(part as Buffer);
  return Buffer.concat(chunks);
}

/** Records a request; `connection` is its connection's number. */
export function recordOf(request: IncomingMessage, body: Buffer, connection: number): Received {
  const message = parseOrUndefined(body.toString('utf8')) as RpcRequest | undefined;
  const nonce = message?.params?.arguments?.nonce;
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body,
    message,
    nonce: typeof nonce === 'string' ? nonce : undefined,
    fault: 'ok',
    connection,
    aborted: false,
    whenAborted: Promise.resolve(),
  };
}

/** The request's id as written in its body; `null` where there is none. */
export function rawIdOf(body: Buffer): string {
  return /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?[\d.eE+-]+|null)/.exec(body.toString('utf8'))?.[1] ?? 'null';
}
