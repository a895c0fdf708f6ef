// The cancel notice: tells a sessionful upstream that nobody waits for an answer any more.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { Method } from '../mcp/methods.ts';
import type { Pool } from './pool.ts';
import { requestHeaders } from './request-headers.ts';

/** A notice that takes longer than this is given up. */
const NOTICE_TIMEOUT_MS = 5000;

/**
 * Posts `notifications/cancelled` for each request of `x` on its own session, where the era cancels that way (MCP
 * 2025-11-25, cancellation: never for `initialize`). Best effort: nobody waits for it and its failure changes nothing.
 */
export function noticeCancelled(x: Exchange, endpoint: Endpoint, pool: Pool): void {
  if (x.era.cancelsBy !== 'notification' || x.session === undefined) return;
  for (const { kind, method, id } of x.envelope.kind === 'batch' ? x.envelope.items : [x.envelope]) {
    if (kind !== 'request' || id === undefined || method === Method.initialize) continue;
    const params = `{"requestId":${id},"reason":"The gateway gave up waiting"}`;
    const body = Buffer.from(`{"jsonrpc":"2.0","method":"${Method.cancelled}","params":${params}}`);
    const headers = requestHeaders(x, pool.headerRules);
    void pool
      .ownSockets(endpoint)
      .request({
        path: endpoint.path,
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(NOTICE_TIMEOUT_MS),
      })
      .then((answer) => answer.body.dump())
      .catch(() => undefined);
  }
}
