/** What the format knows and this version cannot do yet, in one table: building a feature deletes its lines. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { expand, valueAt } from './paths.ts';
import type { Finding, Path } from './problem.ts';
import { schemaAt } from './schema-walk.ts';

interface Unsupported {
  /** Where the key stands; `[]` is every item of a list. */
  path: string;
  /** What is missing, completed by "is not supported yet". */
  what: string;
  /** Values that are supported besides the default. */
  except?: (value: unknown) => boolean;
}

/** The table. A line goes when its feature comes. */
export const UNSUPPORTED: readonly Unsupported[] = [
  { path: 'listen.workers', what: 'more than one process' },

  { path: 'pools[].transport', what: 'a transport other than streamable_http' },
  { path: 'pools[].pin', what: 'pinning tool definitions' },

  { path: 'routes[].pools', what: 'putting several pools behind one path', except: hasOneItem },
  { path: 'routes[].prefix', what: 'a prefix before tool names', except: (value) => value === 'never' },
];

/** Finds keys whose value, valid and other than the default, asks for what is not supported yet. */
export function findUnsupported(data: unknown): Finding[] {
  const findings = UNSUPPORTED.flatMap(({ path: pattern, what, except }) =>
    expand(data, pattern)
      .filter((path) => asksForMore(data, path) && !except?.(valueAt(data, path)))
      .map((path): Finding => ({ path, message: `${what} is not supported yet` })),
  );
  return [...findings, ...missingRoutes(data)];
}

function asksForMore(data: unknown, path: Path): boolean {
  const schema = schemaAt(path);
  if (schema === undefined) return false;
  const given = z.safeParse(schema, valueAt(data, path));
  return given.success && !isDeepStrictEqual(given.data, z.safeParse(schema, undefined).data);
}

/** The default routes would put several pools behind /mcp. */
function missingRoutes(data: unknown): Finding[] {
  const pools = valueAt(data, ['pools']);
  if (!Array.isArray(pools) || pools.length < 2 || valueAt(data, ['routes']) !== undefined) return [];
  return [
    {
      path: ['routes'],
      near: ['pools'],
      message: 'must be given, because putting several pools behind one path is not supported yet',
      hint: 'give each pool a route of its own',
    },
  ];
}

function hasOneItem(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1;
}
