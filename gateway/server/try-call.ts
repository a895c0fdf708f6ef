// Tries a tool for an operator: a call of the gateway's own through a route's whole chain, as the client `admin`.

import type { Endpoint } from '../core/endpoint.ts';
import { type CacheStatus, Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import { headerOf } from '../core/reply.ts';
import type { Handler } from '../core/stage.ts';
import { legacy } from '../mcp/eras/legacy.ts';
import { encodeMirrored } from '../mcp/headers.ts';
import { Inbound } from '../mcp/inbound.ts';
import { MetaKey, Method } from '../mcp/methods.ts';
import { mirroringHeaders } from '../mcp/param-headers.ts';
import { knownRevision, Revision } from '../mcp/revisions.ts';
import type { KnownTool } from '../upstream/catalogue.ts';
import { version } from '../version.ts';
import { collect } from './collect-reply.ts';

const clientInfo = { name: 'mcp-gateway-page', version };

/** A call of one tool by a route. */
export interface TryCall {
  readonly path: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What came of it. Times in ms; all of one attempt, the last. */
export interface TryOutcome {
  readonly status: number;
  /** The JSON-RPC message that answers; null when there was none. */
  readonly answer: Readonly<Record<string, unknown>> | null;
  readonly endpoint: Endpoint | undefined;
  readonly cache: CacheStatus | undefined;
  readonly attempts: number;
  readonly errorType: string | undefined;
  readonly session: string | undefined;
  readonly phases: {
    /** Policies and queues, before the last attempt was sent. */
    readonly waiting: number;
    /** Until the upstream's first byte. */
    readonly upstream: number;
    /** From there to the last byte. */
    readonly answer: number;
    readonly total: number;
  };
}

/**
 * Calls statelessly and, where the upstream turns out to keep sessions, again in a session that lasts for this one call.
 * `known`: the tool as listed, for the arguments that it wants mirrored in headers.
 */
export async function tryCall(
  handler: Handler,
  call: TryCall,
  known: KnownTool | undefined,
): Promise<TryOutcome> {
  const params = { name: call.tool, arguments: call.args };
  const _meta = {
    [MetaKey.protocolVersion]: Revision.stateless,
    [MetaKey.clientInfo]: clientInfo,
    [MetaKey.clientCapabilities]: {},
  };
  const first = await send(
    handler,
    call.path,
    { id: 1, method: Method.toolsCall, params: { ...params, _meta } },
    (head) => {
      head.protocolVersion = Revision.stateless;
      head.mcpMethod = Method.toolsCall;
      head.mcpName = encodeMirrored(call.tool);
      head.mcpParams = mirroringHeaders(known?.mirrored ?? [], call.args);
    },
  );
  if (!wantsSession(first)) return first;
  const hello = { protocolVersion: Revision.sessionful, capabilities: {}, clientInfo };
  const opened = await send(
    handler,
    call.path,
    { id: 1, method: Method.initialize, params: hello },
    () => {},
  );
  const welcome = opened.answer?.['result'] as Record<string, unknown> | undefined;
  if (welcome === undefined) return opened;
  const inSession = (head: Inbound) => {
    head.protocolVersion = knownRevision(String(welcome['protocolVersion']));
    head.sessionId = opened.session;
  };
  await send(handler, call.path, { method: Method.initialized }, inSession);
  const outcome = await send(handler, call.path, { id: 2, method: Method.toolsCall, params }, inSession);
  if (opened.session !== undefined) {
    await send(handler, call.path, undefined, (head) => {
      inSession(head);
      head.method = 'DELETE';
    });
  }
  return outcome;
}

/** A stateless call that the upstream itself turned down before doing anything: it wants a session first. */
function wantsSession({ status, answer, endpoint, errorType }: TryOutcome): boolean {
  return (
    endpoint !== undefined && answer?.['result'] === undefined && status < 500 && errorType !== 'forbidden'
  );
}

async function send(
  handler: Handler,
  path: string,
  message: Readonly<Record<string, unknown>> | undefined,
  fill: (head: Inbound) => void,
): Promise<TryOutcome> {
  const head = new Inbound();
  head.path = path;
  head.client = '127.0.0.1';
  head.contentType = 'application/json';
  head.accept = 'application/json, text/event-stream';
  fill(head);
  const body = Buffer.from(message === undefined ? '' : JSON.stringify({ jsonrpc: '2.0', ...message }));
  const x = new Exchange(head, legacy, () => Promise.resolve(body), performance.now());
  try {
    const reply = await handler(x);
    const answer = await collect(x, reply, message?.['id']);
    return outcomeOf(x, reply, answer);
  } finally {
    x.close();
  }
}

function outcomeOf(
  x: Exchange,
  reply: Reply,
  answer: Readonly<Record<string, unknown>> | undefined,
): TryOutcome {
  const end = performance.now();
  const { startedAt, endpoint, cacheStatus, attempts, errorType } = x;
  const sentAt = x.sentAt || end;
  const answeredAt = x.answeredAt >= sentAt ? x.answeredAt : end;
  return {
    status: reply.status,
    answer: answer ?? null,
    endpoint: attempts === 0 ? undefined : endpoint,
    cache: cacheStatus,
    attempts,
    errorType,
    session: headerOf(reply.headers, 'mcp-session-id'),
    phases: {
      waiting: sentAt - startedAt,
      upstream: answeredAt - sentAt,
      answer: end - answeredAt,
      total: end - startedAt,
    },
  };
}
