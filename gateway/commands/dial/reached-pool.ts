// A pool as a serving gateway reaches it, for commands that look at it and leave: its names, sockets, TLS and headers.
import { isIP } from 'node:net';
import type { LimitsConfig, PoolConfig } from '../../../config/schema.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { systemResolve } from '../../upstream/discovery.ts';
import { Pool } from '../../upstream/pool.ts';
import { poolSettings } from '../../upstream/pool-settings.ts';
import { reasonOf } from '../reason.ts';

/** An entry of `pools[].endpoints` and what stands behind it. */
export interface ReachedEntry {
  /** Its name or address. */
  readonly host: string;
  readonly isDns: boolean;
  readonly endpoints: readonly Endpoint[];
  /** Why its name stands for nothing. */
  readonly unknown: string | undefined;
}

/** What to do about a name that stands for nothing. */
export const NAME_HINT = 'look at the name, and at the resolver of this machine or container';

/** Has `use` look at a pool and its entries, in the order of the file, and leaves nothing open. */
export async function withPool<T>(
  settings: PoolConfig,
  limits: LimitsConfig,
  use: (pool: Pool, entries: readonly ReachedEntry[]) => Promise<T>,
): Promise<T> {
  const pool = new Pool(poolSettings(settings, limits));
  try {
    return await use(pool, await Promise.all(pool.settings.endpoints.map((entry) => reach(pool, entry))));
  } finally {
    await pool.destroy();
  }
}

/** An endpoint for people: where it is, and by which name it was found. */
export function labelOf({ name, label }: Endpoint): string {
  return name === undefined ? label : `${label} (${name})`;
}

async function reach(pool: Pool, entry: Pool['settings']['endpoints'][number]): Promise<ReachedEntry> {
  const isDns = 'dns' in entry;
  const host = isDns ? entry.dns : new URL(entry.url).hostname.replace(/^\[|\]$/g, '');
  const found = (endpoints: readonly Endpoint[]) => ({ host, isDns, endpoints, unknown: undefined });
  try {
    const addresses = isIP(host) === 0 || isDns ? await systemResolve(host) : [host];
    if (!isDns)
      return found(pool.endpoints.filter(({ name, url }) => name === undefined && url === entry.url));
    const before = new Set(pool.endpoints);
    pool.resolve(entry, addresses, performance.now());
    return found(pool.endpoints.filter((endpoint) => !before.has(endpoint)));
  } catch (error) {
    return { host, isDns, endpoints: [], unknown: reasonOf(error) };
  }
}
