// `check --online`: dials every endpoint and says at which line of the file one fails.
import type { Loaded } from '../../config/load.ts';
import type { Path, Problem } from '../../config/problem.ts';
import { formatPath } from '../../config/problem.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { OwnClient } from '../upstream/own-client.ts';
import type { Pool } from '../upstream/pool.ts';
import { greet } from './dial/greet.ts';
import { labelOf, NAME_HINT, withPool } from './dial/reached-pool.ts';

/** The endpoints that fail, all dialled at the same time. */
export async function dialAll(file: string, { config, positionOf }: Loaded): Promise<Problem[]> {
  const problem = (path: Path, message: string, hint: string): Problem => ({
    file,
    ...positionOf(path),
    path: formatPath(path),
    message,
    hint,
  });
  const found = config.pools.map((settings, poolIndex) =>
    withPool(settings, config.limits, async (pool, entries) => {
      const looks = entries.map(async ({ host, unknown, endpoints }, index) => {
        const path = ['pools', poolIndex, 'endpoints', index];
        if (unknown !== undefined) {
          return [problem(path, `${host} stands for no address: ${unknown}`, NAME_HINT)];
        }
        const failures = await Promise.all(endpoints.map((endpoint) => failureOf(pool, endpoint)));
        return failures.flatMap((one) => (one === undefined ? [] : [problem(path, one.message, one.hint)]));
      });
      return (await Promise.all(looks)).flat();
    }),
  );
  return (await Promise.all(found)).flat();
}

async function failureOf(
  pool: Pool,
  endpoint: Endpoint,
): Promise<{ message: string; hint: string } | undefined> {
  const client = new OwnClient(pool, endpoint);
  try {
    const greeting = await greet(pool, endpoint, client);
    if (greeting?.kind !== 'failed') return undefined;
    return { message: `${labelOf(endpoint)} ${greeting.detail}`, hint: greeting.hint };
  } finally {
    await client.close().catch(() => {});
  }
}
