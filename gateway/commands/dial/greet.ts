// Greets an endpoint as the checks of a serving gateway do, and says what was met and what would mend it.
import type { Endpoint } from '../../core/endpoint.ts';
import { checkFailure } from '../../upstream/connection-failure.ts';
import { OwnClient } from '../../upstream/own-client.ts';
import { UnfitAnswer } from '../../upstream/own-reply.ts';
import { saysStateless } from '../../upstream/own-request.ts';
import type { Pool } from '../../upstream/pool.ts';
import { isAlive } from '../../upstream/probe.ts';
import { codeOf, reasonOf } from '../reason.ts';

/** How long an endpoint may take to answer, in ms. */
export const ANSWER_MS = 5000;

/** What was met that is not an answer; `withheld`: it is there, and tells the gateway itself nothing. */
export interface Shortfall {
  readonly kind: 'withheld' | 'failed';
  readonly detail: string;
  readonly hint: string;
}

/** Undefined: it answers in MCP, as it should. */
export type Greeting = Shortfall | undefined;

/** Greets an endpoint with `client`, which is left open for more. */
export async function greet(pool: Pool, endpoint: Endpoint, client: OwnClient): Promise<Greeting> {
  const greeting = await ping(pool, endpoint, client);
  const { stateless } = pool.settings;
  if (stateless === undefined || greeting?.kind !== 'failed') return greeting;
  const spoken = await eraOf(pool, endpoint);
  if (spoken === undefined || spoken === stateless) return greeting;
  const detail = `speaks ${eraName(spoken)}, and the pool is configured for ${eraName(stateless)}`;
  return { kind: 'failed', detail, hint: 'set era of the pool to what its servers speak, or leave it out' };
}

/** An era by its name in the file and its revision. */
export function eraName(stateless: boolean): string {
  return stateless ? 'modern (2026-07-28)' : 'legacy (2025-11-25)';
}

/** What it means that asking an endpoint ended in an error. */
export function unmet(error: unknown, pool: Pool, endpoint: Endpoint): Shortfall {
  if (error instanceof UnfitAnswer) return failed(error.message, hintFor(error.status));
  const detail = `does not answer: ${reasonOf(error instanceof Error ? checkFailure(error) : error)}`;
  const code = codeOf(error) ?? '';
  if (/TLS|SSL|CERT|EPROTO|SIGNATURE/.test(code)) {
    return failed(detail, 'look at tls of the pool: ca, cert and key, server_name');
  }
  // In TLS 1.3 a client learns only afterwards that its certificate was missed (RFC 8446, section 4.4.2.4).
  const shownNothing = endpoint.url.startsWith('https:') && pool.settings.sockets.tls.cert === undefined;
  if (shownNothing && ['ECONNRESET', 'UND_ERR_SOCKET'].includes(code)) {
    return failed(detail, 'does it want a certificate to be shown: tls.cert and tls.key of the pool?');
  }
  return failed(detail, 'is it running, and is the address right?');
}

/** What to do about an answer of this HTTP status. */
export function hintFor(status: number): string {
  if (status === 404 || status === 405) return 'is the path right? MCP servers often have it at /mcp';
  return "look at the server's own log";
}

async function ping(pool: Pool, endpoint: Endpoint, client: OwnClient): Promise<Greeting> {
  try {
    const answer = await client.ping(ANSWER_MS);
    const { status } = answer;
    if (status === 401 || status === 403) return refused(pool, status);
    if (status === 429) {
      return {
        kind: 'withheld',
        detail: 'is there, and answers 429',
        hint: 'it wants to be asked less often',
      };
    }
    if (!isAlive(answer)) return failed(`answered ${status} without an MCP message`, hintFor(status));
    if (client.stateless && saysStateless(answer.result) !== true) {
      return failed(`does not say that it speaks ${eraName(true)}`, 'is era of the pool right?');
    }
    return undefined;
  } catch (error) {
    return unmet(error, pool, endpoint);
  }
}

/** The clients' own credentials are not here to be tried. */
function refused({ settings }: Pool, status: number): Shortfall {
  const detail = `is there, and wants a credential: it answers ${status}`;
  return settings.forwardHeaders.size === 0
    ? failed(detail, 'put one into headers of the pool')
    : { kind: 'withheld', detail, hint: "clients' own may do (forward_headers); else put one into headers" };
}

function failed(detail: string, hint: string): Shortfall {
  return { kind: 'failed', detail, hint };
}

/** The era that an endpoint speaks when it is asked for it, whatever is configured. */
async function eraOf(pool: Pool, endpoint: Endpoint): Promise<boolean | undefined> {
  const client = new OwnClient(pool, endpoint, { stateless: undefined });
  try {
    return isAlive(await client.ping(ANSWER_MS)) ? client.stateless : undefined;
  } catch {
    return undefined;
  } finally {
    await client.close().catch(() => {});
  }
}
