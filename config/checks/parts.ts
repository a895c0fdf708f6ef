/** What the cross-field checks look at: the sections and entries that are right by themselves. */
import type { z } from 'zod';
import { isMap } from '../paths.ts';
import { pool } from '../schema/pool.ts';
import { route } from '../schema/route.ts';
import type { Config, PoolConfig, RouteConfig } from '../schema.ts';
import { sections } from '../schema.ts';

/** Sections are absent, and entries of lists undefined, where they have mistakes of their own. */
export interface Parts {
  listen?: Config['listen'];
  admin?: Config['admin'];
  auth?: Config['auth'];
  clients?: Config['clients'];
  limits?: Config['limits'];
  session_keys?: Config['session_keys'];
  pools: readonly (PoolConfig | undefined)[];
  routes: readonly (RouteConfig | undefined)[];
  /** The names of all pools, those with mistakes included. */
  poolNames: readonly (string | undefined)[];
  /** Where paths in the file are relative to. */
  dir: string;
}

/** Parses each section and entry on its own, so that one mistake does not hide those elsewhere. */
export function readParts(data: Record<string, unknown>, dir: string): Parts {
  const { shape } = sections;
  const pools = listOf(data['pools']);
  return {
    ...section('listen', shape.listen, data),
    ...section('admin', shape.admin, data),
    ...section('auth', shape.auth, data),
    ...section('clients', shape.clients, data),
    ...section('limits', shape.limits, data),
    ...section('session_keys', shape.session_keys, data),
    pools: pools.map((entry) => pool.safeParse(entry).data),
    routes: listOf(data['routes']).map((entry) => route.safeParse(entry).data),
    poolNames: pools.map((entry) =>
      isMap(entry) && typeof entry['name'] === 'string' ? entry['name'] : undefined,
    ),
    dir,
  };
}

function section<K extends string, S extends z.ZodType>(
  key: K,
  schema: S,
  data: Record<string, unknown>,
): { [key in K]?: z.output<S> } {
  const result = schema.safeParse(data[key]);
  return result.success ? ({ [key]: result.data } as { [key in K]: z.output<S> }) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
