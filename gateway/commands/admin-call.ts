// Calls the admin listener of a running gateway, found and authorized by its own configuration file.
import type { Config } from '../../config/schema.ts';

const TIMEOUT_MS = 5000;

/** What the admin listener answered; `body` is its JSON. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The admin listener's base URL as seen from the gateway's own machine. */
export function adminBase({ host, port }: Config['admin']): string {
  const any = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${any.includes(':') ? `[${any}]` : any}:${port}`;
}

/** Gets a path such as `/admin/advice`; rejects when nothing answers. */
export function adminGet(config: Config, path: string): Promise<AdminAnswer> {
  return call(config, path, { method: 'GET' });
}

/** Posts to a path such as `/admin/reload`, with `content` as JSON; rejects when nothing answers. */
export function adminPost(config: Config, path: string, content?: object): Promise<AdminAnswer> {
  return call(config, path, {
    method: 'POST',
    ...(content !== undefined && { body: JSON.stringify(content) }),
  });
}

async function call(config: Config, path: string, request: RequestInit): Promise<AdminAnswer> {
  const { token } = config.admin;
  const answer = await fetch(adminBase(config.admin) + path, {
    ...request,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body: unknown = await answer.json().catch(() => undefined);
  return { status: answer.status, body: typeof body === 'object' && body !== null ? { ...body } : {} };
}
