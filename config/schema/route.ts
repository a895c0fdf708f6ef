/** An entry of `routes`: a path that clients connect to, and the pools behind it. */
import { z } from 'zod';
import { pattern } from './fields.ts';

export const route = z
  .strictObject({
    path: pattern(
      /^(\/[A-Za-z0-9._~-]+)+$/,
      'must be a path such as /mcp',
      'it begins with / and has no trailing slash, query, wildcard or escape',
    ).describe('Path on the public listener.'),
    pools: z.array(z.string()).min(1).describe('Names of the pools behind the path.'),
    prefix: z
      .enum(['always', 'on_conflict', 'never'])
      .optional()
      .describe(
        'Whether tool names get the pool as a prefix (pool__tool). When absent: never for one pool, else always. One pool and never passes bytes through untouched.',
      ),
  })
  .transform(({ path, pools, prefix }) => ({
    path,
    pools,
    prefix: prefix ?? (pools.length === 1 ? ('never' as const) : ('always' as const)),
  }));
