// Session checks: ask a server about a session of a client's, where what it did can be read in two ways.
import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { ErrorCode } from '../mcp/error-codes.ts';
import { Method } from '../mcp/methods.ts';
import { readMessage, SMALL_BYTES } from './own-reply.ts';
import type { Pool } from './pool.ts';
import { ownRequestHeaders } from './request-headers.ts';

/** Longest wait for the answer, in ms: a call that has its own answer, or its end, already waits for it. */
const TIMEOUT_MS = 2000;

/** What a server says, asked in a session; `silent`: nothing, or nothing that says either. */
type Standing = 'known' | 'forgotten' | 'silent';

/** Whether the server of `x` has forgotten its session; all but that, silence too, leaves it alive. */
export async function isForgotten(pool: Pool, x: Exchange): Promise<boolean> {
  if (x.session === undefined || x.pinned === undefined) return false;
  return (await ask(pool, x, x.pinned, AbortSignal.timeout(TIMEOUT_MS))) === 'forgotten';
}

/**
 * Whether the client of `x` can come back to `endpoint` for what it has not been given: the process is there, and has its
 * session. One that was started anew is there without.
 */
export async function isThere(pool: Pool, x: Exchange, endpoint: Endpoint): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const standing = await ask(pool, x, endpoint, signal);
  // What broke one connection may have broken the one that was asked over: the next question opens another.
  return (standing === 'silent' ? await ask(pool, x, endpoint, signal) : standing) === 'known';
}

/** Asks by a `ping`, which is answered with 404 where there is no such session (MCP 2025-11-25, transports, "Session Management"). */
async function ask(pool: Pool, x: Exchange, endpoint: Endpoint, signal: AbortSignal): Promise<Standing> {
  const version = x.inbound.protocolVersion;
  const more: string[] = [];
  if (x.session !== undefined) more.push('mcp-session-id', x.session.upstreamId);
  if (version !== undefined) more.push('mcp-protocol-version', version);
  // No id of the client's: within a session each is used once.
  const id = `gateway-${randomBytes(6).toString('hex')}`;
  try {
    const answer = await pool.ownSockets(endpoint).request({
      path: endpoint.path,
      method: 'POST',
      headers: ownRequestHeaders(x, pool.headerRules, more),
      body: JSON.stringify({ jsonrpc: '2.0', id, method: Method.ping }),
      signal,
    });
    // A server that has the session, but not the method, says so; many answer 400 for a session that they do not know.
    if (answer.statusCode >= 400 && answer.statusCode < 500) {
      const message = await readMessage(answer, id, SMALL_BYTES);
      if (message?.error?.code === ErrorCode.methodNotFound) return 'known';
      return answer.statusCode === 404 ? 'forgotten' : 'silent';
    }
    answer.body.on('error', () => undefined).destroy();
    return answer.statusCode < 500 ? 'known' : 'silent';
  } catch {
    return 'silent';
  }
}
