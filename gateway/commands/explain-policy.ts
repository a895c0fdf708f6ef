// What applies to a call of a tool by a client, value by value, and where in the file each comes from.
import { asWritten } from '../../config/effective.ts';
import { valueAt } from '../../config/paths.ts';
import type { Path } from '../../config/problem.ts';
import { formatPath } from '../../config/problem.ts';
import type { Config, ToolRule } from '../../config/schema.ts';
import { glob } from '../core/glob.ts';
import { toolAccess } from '../limits/client-policies.ts';

/** One value; `path` is the key that it comes from, `line` that key's in the file, undefined where it is a default. */
export interface Explained {
  readonly name: string;
  readonly value: unknown;
  /** The value as the file would spell it. */
  readonly text: string;
  readonly path: string;
  readonly line: number | undefined;
}

/** What is known of the file. */
export interface Origin {
  isGiven(path: Path): boolean;
  positionOf(path: Path): { line: number };
}

/**
 * Explains a call of `tool` in the pool of this name, by the client of this id or by any that is not named. `readOnly`: what the
 * tool says of itself; undefined where the pool could not be asked.
 */
export function explainPolicy(
  config: Config,
  origin: Origin,
  call: { tool: string; pool: string; client: string | undefined; readOnly: boolean | undefined },
): Explained[] {
  const { tool, pool, client, readOnly } = call;
  const poolAt = config.pools.findIndex(({ name }) => name === pool);
  const ofPool: Path = ['pools', poolAt];
  const ruleAt = config.pools[poolAt]?.tools.findIndex(({ match }) => glob(match)(tool)) ?? -1;
  const ofRule: Path | undefined = ruleAt === -1 ? undefined : [...ofPool, 'tools', ruleAt];
  const clientAt = config.clients.findIndex(({ id }) => id === client);
  const ofClient: Path | undefined = clientAt === -1 ? undefined : ['clients', clientAt];

  /** The first of the places that says anything, else the last. */
  const row = (name: string, ...places: (Path | undefined)[]): Explained => {
    const known = places.filter((place) => place !== undefined);
    const path = known.find((place) => origin.isGiven(place)) ?? (known.at(-1) as Path);
    const line = origin.isGiven(path) ? origin.positionOf(path).line : undefined;
    const value = valueAt(config, path);
    return { name, value, text: spell(asWritten(value, path)), path: formatPath(path), line };
  };
  const inRule = (key: string) => ofRule && [...ofRule, key];
  const inClient = (key: string) => ofClient && [...ofClient, key];
  const limit = (key: string, name = key) => row(name, inClient(key), ['limits', key]);
  const inherited = (key: string) => row(key, inRule(key), inClient(key), [...ofPool, key], ['limits', key]);
  const access = config.clients[clientAt]?.tools;
  const rows = [
    row('pool', [...ofPool, 'name']),
    ...(ofRule === undefined ? [] : [row('rule', [...ofRule, 'match'])]),
    ...(ofClient === undefined ? [] : [row('client', [...ofClient, 'id'])]),
    ...(ofClient === undefined || access === undefined
      ? []
      : [allowed(row('allowed', [...ofClient, 'tools']), toolAccess(access.allow, access.deny)(tool))]),
    inherited('timeout'),
    inherited('max_timeout'),
    inherited('response_chars'),
    row('max_response', ['limits', 'max_response']),
    row('keep_full_results', ['limits', 'keep_full_results']),
    limit('concurrency'),
    limit('queue'),
    limit('rate'),
    limit('streams_per_client'),
    limit('sessions'),
    limit('body_memory'),
    row('max_in_flight', [...ofPool, 'max_in_flight']),
    ...(ofRule === undefined
      ? []
      : ['concurrency', 'cache', 'invalidates', 'retry', 'hedge'].map((key) =>
          row(`tool ${key}`, [...ofRule, key]),
        )),
    ...(keepsReadOnly(config.pools[poolAt]?.tools[ruleAt], readOnly)
      ? [row(readOnly ? 'tool cache' : 'tool cache, if read-only', [...ofPool, 'cache', 'read_only_tools'])]
      : []),
    row('retry', [...ofPool, 'retry']),
  ];
  return rows.filter(({ value }) => value !== undefined && !(Array.isArray(value) && value.length === 0));
}

function allowed(row: Explained, value: boolean): Explained {
  return { ...row, value, text: String(value) };
}

/** Whether the cache rule of tools that call themselves read-only may be the tool's (`cache/pool-rules.ts`). */
function keepsReadOnly(rule: ToolRule | undefined, readOnly: boolean | undefined): boolean {
  if (rule !== undefined && (rule.cache !== undefined || rule.invalidates.length > 0)) return false;
  return readOnly !== false;
}

/** A value on one line of YAML, in the words and units of the file. */
function spell(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(spell).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, part]) => `${key}: ${spell(part)}`)
    .join(', ')} }`;
}
