// Which tools the pools of a configuration list, asked as a serving gateway would ask.
import type { Config, PoolConfig } from '../../config/schema.ts';
import { Catalogue } from '../upstream/catalogue.ts';
import { withPool } from './dial/reached-pool.ts';

/** What the tools of a pool say of themselves: whether they are read-only, by name. */
export type ListedTools = ReadonlyMap<string, boolean>;

/** The tools that each pool lists; undefined for a pool that does not answer. */
export async function askForTools({ pools, limits }: Config): Promise<Map<string, ListedTools | undefined>> {
  const asked = pools.map(async (pool) => [pool.name, await toolsOf(pool, limits)] as const);
  return new Map(await Promise.all(asked));
}

function toolsOf(settings: PoolConfig, limits: Config['limits']): Promise<ListedTools | undefined> {
  return withPool(settings, limits, async (pool) => {
    if (pool.available.length === 0) return undefined;
    const catalogue = new Catalogue(pool);
    try {
      await catalogue.refresh();
    } catch {
      return undefined;
    }
    return new Map([...catalogue.tools.keys()].map((name) => [name, catalogue.isReadOnly(name)]));
  });
}
