// What applies to a call of a tool by a client, value by value, and where in the file each comes from.
import { valueAt } from '../../config/paths.ts';
import type { Path } from '../../config/problem.ts';
import { formatPath } from '../../config/problem.ts';
import type { Config } from '../../config/schema.ts';
import { formatDuration } from '../../config/units.ts';
import { glob } from '../core/glob.ts';
import { toolAccess } from '../limits/client-policies.ts';

/** One value; `path` is the key that it comes from, `line` that key's in the file, undefined where it is a default. */
export interface Explained {
  readonly name: string;
  readonly value: unknown;
  readonly path: string;
  readonly line: number | undefined;
}

/** What is known of the file. */
export interface Origin {
  isGiven(path: Path): boolean;
  positionOf(path: Path): { line: number };
}

/** Explains a call of `tool` in the pool of this name, by the client of this id or by any that is not named. */
export function explainPolicy(
  config: Config,
  origin: Origin,
  { tool, pool, client }: { tool: string; pool: string; client: string | undefined },
): Explained[] {
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
    return { name, value: valueAt(config, path), path: formatPath(path), line };
  };
  const inRule = (key: string) => ofRule && [...ofRule, key];
  const inClient = (key: string) => ofClient && [...ofClient, key];
  const limit = (key: string, name = key) => row(name, inClient(key), ['limits', key]);
  const call = (key: string) => row(key, inRule(key), inClient(key), [...ofPool, key], ['limits', key]);
  const access = config.clients[clientAt]?.tools;
  const rows = [
    row('pool', [...ofPool, 'name']),
    ...(ofRule === undefined ? [] : [row('rule', [...ofRule, 'match'])]),
    ...(ofClient === undefined ? [] : [row('client', [...ofClient, 'id'])]),
    ...(ofClient === undefined || access === undefined
      ? []
      : [{ ...row('allowed', [...ofClient, 'tools']), value: toolAccess(access.allow, access.deny)(tool) }]),
    call('timeout'),
    call('max_timeout'),
    call('response_chars'),
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
    row('retry', [...ofPool, 'retry']),
  ];
  return rows.filter(({ value }) => value !== undefined && !(Array.isArray(value) && value.length === 0));
}

const durations: ReadonlySet<string> = new Set(['timeout', 'max_timeout', 'ttl', 'after']);

/** A value as the file would spell it. */
export function spell(name: string, value: unknown): string {
  if (typeof value === 'number' && durations.has(name)) return formatDuration(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => spell(name, item)).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, part]) => `${key}: ${spell(key, part)}`)
    .join(', ')} }`;
}
