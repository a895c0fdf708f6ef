// What `doctor` learns of each endpoint: its name, whether it answers, its era, its sessions, its stream and its tools.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config, PoolConfig } from '../../../config/schema.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { Method } from '../../mcp/methods.ts';
import { OwnClient } from '../../upstream/own-client.ts';
import { Pool } from '../../upstream/pool.ts';
import { poolSettings } from '../../upstream/pool-settings.ts';
import { reasonOf } from '../dial.ts';
import type { Diagnosis } from './diagnosis.ts';
import { fail, ok, warn } from './diagnosis.ts';

const ANSWER_MS = 5000;
/** A stream whose head takes longer than this is held back by something. */
const STREAM_MS = 1500;

/** Looks at all endpoints of a pool at the same time. */
export async function endpoints(settings: PoolConfig, config: Config): Promise<Diagnosis[]> {
  if (settings.transport === 'stdio') return [];
  const names = await Promise.all(settings.endpoints.map((endpoint) => addresses(settings.name, endpoint)));
  const urls = names.flatMap(({ urls: found }) => found);
  const pool = new Pool({
    ...poolSettings(settings, config.limits),
    endpoints: [...new Set(urls)].map((url) => ({ url, weight: 1 })),
  });
  try {
    const looked = await Promise.all(pool.endpoints.map((endpoint) => look(pool, endpoint, settings)));
    return [...names.flatMap(({ diagnoses }) => diagnoses), ...looked.flat()];
  } finally {
    await pool.destroy();
  }
}

/** The URLs behind an entry, and what is wrong with its name. */
async function addresses(
  pool: string,
  entry: PoolConfig['endpoints'][number],
): Promise<{ urls: string[]; diagnoses: Diagnosis[] }> {
  const name = 'url' in entry ? new URL(entry.url).hostname.replace(/^\[|\]$/g, '') : entry.dns;
  try {
    const found = isIP(name) === 0 ? await lookup(name, { all: true }) : [];
    if ('url' in entry) return { urls: [entry.url], diagnoses: [] };
    const urls = found.map(({ address, family }) => {
      const host = family === 6 ? `[${address}]` : address;
      return `http://${host}:${entry.port}${entry.path}`;
    });
    return { urls, diagnoses: [ok(`${pool} dns ${name}`, `${found.length} addresses`)] };
  } catch (error) {
    const hint = 'look at the name, and at the resolver of this machine or container';
    return { urls: [], diagnoses: [fail(`${pool} dns ${name}`, reasonOf(error), hint)] };
  }
}

async function look(pool: Pool, endpoint: Endpoint, settings: PoolConfig): Promise<Diagnosis[]> {
  const subject = `${pool.name} ${endpoint.label}`;
  const client = new OwnClient(pool, endpoint);
  try {
    const { status, result, errorCode } = await client.request(Method.toolsList, {}, ANSWER_MS);
    if (client.stateless === undefined || (result === undefined && status !== 200)) {
      return [fail(subject, `answers ${status}`, hintFor(status))];
    }
    const kind = client.stateless
      ? 'modern (2026-07-28), stateless'
      : `legacy (2025-11-25), ${client.hasSession ? 'stateful: sessions' : 'stateless: no sessions'}`;
    const diagnoses = [ok(subject, `reachable, ${kind}`)];
    if (errorCode === undefined) diagnoses.push(annotations(subject, result, settings));
    diagnoses.push(stream(subject, await client.probeStream(STREAM_MS)));
    return diagnoses;
  } catch (error) {
    return [fail(subject, `does not answer: ${reasonOf(error)}`, 'is it running, and is the address right?')];
  } finally {
    await client.close().catch(() => {});
  }
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return 'it wants a credential: pools[].headers';
  if (status === 404 || status === 405) return 'is the path right? MCP servers often have it at /mcp';
  return "look at the server's own log";
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
