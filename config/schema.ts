/** The shape of gateway.yaml: every key, what it means, its default and its parsed type. */
import { z } from 'zod';
import { defaultRoutes } from './defaults.ts';
import { auth, clients, limits } from './schema/clients.ts';
import { admin, listen } from './schema/listener.ts';
import { pool } from './schema/pool.ts';
import { route } from './schema/route.ts';
import { advise, cache, drain, log, redis, sessionKeys } from './schema/runtime.ts';

/** The sections of the file, each of which can be parsed on its own. */
export const sections = z.strictObject({
  version: z.literal(1).prefault(1).describe('Version of this format.'),
  listen,
  admin,
  auth,
  clients,
  limits,
  redis,
  session_keys: sessionKeys,
  cache,
  log,
  advise,
  drain,
  pools: z.array(pool).min(1, 'must list at least one pool').describe('The servers, by service.'),
  routes: z
    .array(route)
    .min(1, 'must list at least one route')
    .optional()
    .describe(
      'What clients connect to. When absent: /mcp and /NAME/mcp lead to the only pool, NAME. With several pools it must be given, a route for each: several pools behind one path are not supported yet.',
    ),
});

/** The whole file; parsing fills in what depends on several sections. */
export const configSchema = sections.transform((parsed) => ({
  ...parsed,
  routes: parsed.routes ?? defaultRoutes(parsed.pools),
}));

/** A parsed gateway.yaml: the file's own words as keys, durations in ms, sizes in bytes. */
export type Config = z.output<typeof configSchema>;
export type ListenConfig = Config['listen'];
export type LimitsConfig = Config['limits'];
export type PoolConfig = Config['pools'][number];
/** `{ url, weight }`, or `{ dns, port, path, refresh, weight }` with `refresh` in ms. */
export type EndpointConfig = PoolConfig['endpoints'][number];
export type ToolRule = PoolConfig['tools'][number];
export type RouteConfig = Config['routes'][number];
