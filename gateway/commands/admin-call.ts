// Calls the admin listener of a running gateway, found and authorized by its own configuration file.
import type { Config } from '../../config/schema.ts';
import { reasonOf } from './reason.ts';

const TIMEOUT_MS = 5000;
const FAILED = 1;

/** Where a running gateway is asked, by its configuration `file`. */
export interface AdminAddress {
  readonly admin: Config['admin'];
  readonly file: string;
}

/** What the admin listener answered; `body` is its JSON, empty when that is no map. */
export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** Gets a path such as `/admin/advice`; rejects, saying where it was looked for, when nothing answers. */
export function adminGet(
  gateway: AdminAddress,
  path: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<AdminAnswer> {
  return call(gateway, path, { method: 'GET' }, timeoutMs);
}

/** Posts to a path such as `/admin/reload`, with `content` as JSON; rejects as `adminGet` does. */
export function adminPost(gateway: AdminAddress, path: string, content?: object): Promise<AdminAnswer> {
  const body = content === undefined ? {} : { body: JSON.stringify(content) };
  return call(gateway, path, { method: 'POST', ...body }, TIMEOUT_MS);
}

/** What an answer says that is not the one wanted. */
export function refusalOf(gateway: AdminAddress, { status, body }: AdminAnswer): string {
  const told = body['error'];
  if (typeof told === 'string') return `The gateway refuses: ${told}`;
  return `What answers at ${placeOf(gateway)} says ${status}. Is it the gateway?`;
}

/** Writes to standard error what went wrong; returns the exit code for it. */
export function failed(problem: unknown): number {
  process.stderr.write(`${problem instanceof Error ? problem.message : problem}\n`);
  return FAILED;
}

async function call(
  gateway: AdminAddress,
  path: string,
  request: RequestInit,
  timeoutMs: number,
): Promise<AdminAnswer> {
  const { token } = gateway.admin;
  try {
    const answer = await fetch(baseOf(gateway) + path, {
      ...request,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: parse(text) };
  } catch (error) {
    throw new Error(`Nothing answers at ${placeOf(gateway)}: ${reasonOf(error)}. Is the gateway running?`);
  }
}

function placeOf(gateway: AdminAddress): string {
  return `${baseOf(gateway)} (admin.host and admin.port of ${gateway.file})`;
}

/** The admin listener's base URL as seen from the gateway's own machine. */
function baseOf({ admin: { host, port } }: AdminAddress): string {
  const any = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${any.includes(':') ? `[${any}]` : any}:${port}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
