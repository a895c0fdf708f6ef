// What `doctor` learns of each endpoint: its name, whether it answers, its era, its sessions, its stream and its tools.
import type { Config, PoolConfig } from '../../../config/schema.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { Method } from '../../mcp/methods.ts';
import { OwnClient } from '../../upstream/own-client.ts';
import type { Pool } from '../../upstream/pool.ts';
import type { Shortfall } from '../dial/greet.ts';
import { ANSWER_MS, eraName, greet, hintFor, unmet } from '../dial/greet.ts';
import type { ReachedEntry } from '../dial/reached-pool.ts';
import { labelOf, NAME_HINT, withPool } from '../dial/reached-pool.ts';
import type { Diagnosis } from './diagnosis.ts';
import { fail, ok, warn } from './diagnosis.ts';

/** A stream whose head takes longer than this is held back by something. */
const STREAM_MS = 1500;

/** Looks at all endpoints of a pool at the same time. */
export function endpoints(settings: PoolConfig, { limits }: Config): Promise<Diagnosis[]> {
  return withPool(settings, limits, async (pool, entries) => {
    const found = entries.flatMap(({ endpoints: behind }) => behind);
    const looked = await Promise.all(found.map((endpoint) => look(pool, endpoint, settings)));
    return [...entries.flatMap((entry) => named(pool.name, entry)), ...looked.flat()];
  });
}

/** What there is to say of an entry's name. */
function named(pool: string, { host, isDns, endpoints: found, unknown }: ReachedEntry): Diagnosis[] {
  const subject = `${pool} dns ${host}`;
  if (unknown !== undefined) {
    return [fail(subject, unknown, NAME_HINT)];
  }
  return isDns ? [ok(subject, `${found.length} addresses`)] : [];
}

async function look(pool: Pool, endpoint: Endpoint, settings: PoolConfig): Promise<Diagnosis[]> {
  const subject = `${pool.name} ${labelOf(endpoint)}`;
  const client = new OwnClient(pool, endpoint);
  try {
    const greeting = await greet(pool, endpoint, client);
    if (greeting !== undefined) return [told(subject, greeting)];
    const sessions = client.hasSession ? 'stateful: sessions' : 'stateless: no sessions';
    const stateless = client.stateless === true;
    const diagnoses = [
      ok(subject, `reachable, ${eraName(stateless)}, ${stateless ? 'stateless' : sessions}`),
    ];
    const { status, result, errorCode } = await client.request(Method.toolsList, {}, ANSWER_MS);
    if (result === undefined && errorCode === undefined) {
      return [fail(subject, `answered ${status} to ${Method.toolsList}`, hintFor(status))];
    }
    if (errorCode === undefined) diagnoses.push(annotations(subject, result, settings));
    diagnoses.push(stream(subject, await client.probeStream(STREAM_MS)));
    return diagnoses;
  } catch (error) {
    return [told(subject, unmet(error, pool, endpoint))];
  } finally {
    await client.close().catch(() => {});
  }
}

function told(subject: string, { kind, detail, hint }: Shortfall): Diagnosis {
  return kind === 'failed' ? fail(subject, detail, hint) : warn(subject, detail, hint);
}

function stream(subject: string, found: 'open' | 'held' | 'none'): Diagnosis {
  if (found === 'open') return ok(subject, 'SSE is not buffered: the head of a quiet stream comes at once');
  if (found === 'none') return ok(subject, 'offers no stream of its own; nothing to buffer');
  return warn(
    subject,
    `SSE looks buffered: no head of a quiet stream within ${STREAM_MS / 1000} s`,
    'turn buffering off in the proxy before the server (nginx: proxy_buffering off)',
  );
}

function annotations(
  subject: string,
  result: Record<string, unknown> | undefined,
  settings: PoolConfig,
): Diagnosis {
  const tools = Array.isArray(result?.['tools']) ? (result['tools'] as { annotations?: object }[]) : [];
  const said = tools.filter((tool) => tool.annotations !== undefined && 'readOnlyHint' in tool.annotations);
  const detail = `${tools.length} tools, ${said.length} of them say whether they are read-only`;
  if (said.length === tools.length || settings.tools.length > 0) return ok(subject, detail);
  return warn(
    subject,
    detail,
    'what does not say so is never sent twice or recovered; name safe tools under pools[].tools (retry: safe)',
  );
}
