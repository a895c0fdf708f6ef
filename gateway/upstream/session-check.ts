// Session check: asks a server about a session of a client's, where an answer can be read in two ways.
import { randomBytes } from 'node:crypto';
import type { Exchange } from '../core/exchange.ts';
import { ErrorCode } from '../mcp/error-codes.ts';
import { Method } from '../mcp/methods.ts';
import { readMessage, SMALL_BYTES } from './own-reply.ts';
import type { Pool } from './pool.ts';
import { ownRequestHeaders } from './request-headers.ts';

/** Longest wait for the answer, in ms: a call that has its own answer already waits for it. */
const TIMEOUT_MS = 2000;

/**
 * Whether the server of `x` has forgotten its session: it answers a `ping` there with 404 (MCP 2025-11-25, transports,
 * "Session Management"). All else, silence too, leaves it alive.
 */
export async function isForgotten(pool: Pool, x: Exchange): Promise<boolean> {
  const { session, pinned, inbound } = x;
  if (session === undefined || pinned === undefined) return false;
  const version = inbound.protocolVersion;
  const more = ['mcp-session-id', session.upstreamId];
  if (version !== undefined) more.push('mcp-protocol-version', version);
  // No id of the client's: within a session each is used once.
  const id = `gateway-${randomBytes(6).toString('hex')}`;
  try {
    const answer = await pool.ownSockets(pinned).request({
      path: pinned.path,
      method: 'POST',
      headers: ownRequestHeaders(x, pool.headerRules, more),
      body: JSON.stringify({ jsonrpc: '2.0', id, method: Method.ping }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // A server that has the session, but not the method, says so.
    if (answer.statusCode === 404)
      return (await readMessage(answer, id, SMALL_BYTES))?.error?.code !== ErrorCode.methodNotFound;
    answer.body.on('error', () => undefined).destroy();
    return false;
  } catch {
    return false;
  }
}
