// Dials one endpoint as an MCP client would, to learn whether it answers at all.
import type { EndpointConfig, PoolConfig } from '../../config/schema.ts';

const DEADLINE_MS = 5_000;

/** Answers below 500 that say the URL leads to something other than an MCP endpoint. */
const WRONG_PLACE = new Set([404, 405]);

const clientInfo = { name: 'mcp-gateway-check', version: '1' };
const legacyVersion = '2025-11-25';
const modernVersion = '2026-07-28';

const initialize = {
  headers: {},
  message: { method: 'initialize', params: { protocolVersion: legacyVersion, capabilities: {}, clientInfo } },
};

const discover = {
  headers: { 'mcp-protocol-version': modernVersion, 'mcp-method': 'server/discover' },
  message: {
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': modernVersion,
        'io.modelcontextprotocol/clientInfo': clientInfo,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
};

/** What a server of each era answers without fail; servers of both eras answer either. */
const GREETINGS = { auto: initialize, legacy: initialize, modern: discover };

/** Sends the first request of an MCP client; returns what went wrong, or nothing when the endpoint answered. */
export async function dial(pool: PoolConfig, endpoint: EndpointConfig): Promise<string | undefined> {
  if (!('url' in endpoint)) return undefined;
  const { headers, message } = GREETINGS[pool.era];
  const common = { accept: 'application/json, text/event-stream', ...pool.headers };
  try {
    const answer = await fetch(endpoint.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers, ...common },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await answer.body?.cancel();
    const session = answer.headers.get('mcp-session-id');
    if (session !== null) await endSession(endpoint.url, { ...common, 'mcp-session-id': session });
    const failed = answer.status >= 500 || WRONG_PLACE.has(answer.status);
    return failed ? `answers ${answer.status} to ${message.method}` : undefined;
  } catch (error) {
    return `does not answer: ${reasonOf(error)}`;
  }
}

/** Leaves nothing behind; a server may refuse to end sessions, which is no fault (2025-11-25, transports). */
async function endSession(url: string, headers: Record<string, string>): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const protocol = { 'mcp-protocol-version': legacyVersion };
  await fetch(url, {
    method: 'DELETE',
    headers: { ...headers, ...protocol },
    redirect: 'manual',
    signal,
  }).then(
    (answer) => answer.body?.cancel(),
    () => undefined,
  );
}

/** Names the innermost cause, for fetch itself only says that it failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `nothing within ${DEADLINE_MS / 1000}s`;
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
