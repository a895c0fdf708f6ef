// New names: the addresses that a reload asks for before it takes over, and what speaks against going on without them.
import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../../config/problem.ts';
import type { Config } from '../../config/schema.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Clock } from '../health/clock.ts';
import type { Resolve } from './discovery.ts';
import { Discovery } from './discovery.ts';
import type { DnsEndpoint } from './endpoint-list.ts';
import { belongs } from './endpoint-list.ts';
import type { Pool } from './pool.ts';
import type { PoolSettings } from './pool-settings.ts';
import { poolSettings } from './pool-settings.ts';

/** How long a reload waits for a resolver, in ms; one that fails says so at once. */
const WAIT_MS = 5000;

/** What is known of names that no pool has followed yet. */
export interface Names {
  /** By name. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** By name, why it has none. */
  readonly away: ReadonlyMap<string, string>;
}

export const noNames: Names = { addresses: new Map(), away: new Map() };

export interface NewNames extends Names {
  /** Why the configuration is not to be put to use; none where nobody would be cut off. */
  readonly problems: readonly Finding[];
  /** Calls `then` whenever a name that is a problem has addresses after all; returns how to wait no longer. */
  follow(then: (name: string, addresses: readonly string[]) => void): () => void;
}

/** A configuration that may be put to use, and what it would take the place of. */
export interface Succession {
  readonly next: Config;
  readonly running: { readonly config: Config; readonly pools: ReadonlyMap<string, { readonly pool: Pool }> };
}

export interface Asking {
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly random: () => number;
  /** Addresses of names that were followed: a resolver that takes longer than anybody waits would not give them again. */
  readonly found: ReadonlyMap<string, readonly string[]>;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Finds the addresses of the names that no pool has followed yet, so that the pools that need them have endpoints from
 * the first call on; rejects where `signal` ends the wait.
 */
export async function newNames({ next, running }: Succession, asking: Asking): Promise<NewNames> {
  const pools = next.pools.map((own) => {
    const settings = poolSettings(own, next.limits);
    const before = running.pools.get(own.name)?.pool;
    const isKept = before !== undefined && isDeepStrictEqual(before.settings, settings);
    return { settings, unknown: isKept ? [] : withoutEndpoint(settings, before?.endpoints ?? []) };
  });
  const wanted = new Set(pools.flatMap(({ unknown }) => unknown.map(({ dns }) => dns)));
  const known = new Map([...knownAddresses(running), ...asking.found]);
  const names = await answers(wanted, known, asking);
  const problems: Finding[] = [];
  const missed: DnsEndpoint[] = [];
  for (const [index, { settings, unknown }] of pools.entries()) {
    const missing = unknown.filter(({ dns }) => names.away.has(dns));
    if (missing.length < settings.endpoints.length || !isServed(settings.name, next, running)) continue;
    missed.push(...missing);
    for (const [at, { dns }] of missing.entries())
      problems.push({
        path: ['pools', index, 'endpoints', at, 'dns'],
        message: `${dns} has no address (${names.away.get(dns)}): pool ${settings.name} would have no endpoint for calls that are answered now`,
        hint: 'the file is put to use as soon as the name has an address',
      });
  }
  return {
    ...names,
    problems,
    follow(then) {
      const all = missed.map((source) => {
        const found = (addresses: readonly string[]) => then(source.dns, addresses);
        return new Discovery({ ...asking, source, found, tell: () => undefined });
      });
      return () => {
        for (const discovery of all) discovery.stop();
      };
    },
  };
}

/** The names in a pool's settings that none of `endpoints` is an address of. */
export function withoutEndpoint({ endpoints: sources }: PoolSettings, endpoints: readonly Endpoint[]) {
  return sources.filter(
    (source): source is DnsEndpoint =>
      'dns' in source && !endpoints.some((endpoint) => belongs(endpoint, source)),
  );
}

/** The addresses that names stand for by the last answers that pools have had. */
function knownAddresses({ pools }: Succession['running']): Map<string, string[]> {
  const known = new Map<string, Set<string>>();
  for (const { pool } of pools.values()) {
    for (const { name, hostname, leftAt } of pool.endpoints) {
      if (name === undefined || leftAt !== undefined) continue;
      known.set(name, (known.get(name) ?? new Set()).add(hostname));
    }
  }
  return new Map(Array.from(known, ([name, addresses]) => [name, [...addresses]]));
}

/** Asks for those of `wanted` that are not `known`. */
async function answers(
  wanted: ReadonlySet<string>,
  known: Map<string, readonly string[]>,
  { resolve, clock, signal }: Asking,
): Promise<Names> {
  const asked = [...wanted].filter((name) => !known.has(name));
  const away = new Map(asked.map((name) => [name, `no answer within ${WAIT_MS / 1000} s`]));
  if (asked.length === 0) return { addresses: known, away };
  const all = asked.map(async (name) => {
    try {
      const addresses = [...new Set(await resolve(name))].toSorted();
      if (addresses.length === 0) throw new Error('no address');
      known.set(name, addresses);
      away.delete(name);
    } catch (error) {
      away.set(name, error instanceof Error ? error.message : String(error));
    }
  });
  const waited = Promise.withResolvers<void>();
  const unschedule = clock.after(WAIT_MS, waited.resolve);
  const end = () => waited.resolve();
  signal.addEventListener('abort', end);
  if (!signal.aborted) await Promise.race([Promise.all(all), waited.promise]);
  signal.removeEventListener('abort', end);
  unschedule();
  signal.throwIfAborted();
  return { addresses: known, away };
}

/** Whether a pool of this name, or one that a route of its own has led to so far, has endpoints. */
function isServed(name: string, next: Config, { config, pools }: Succession['running']): boolean {
  const paths = new Set(next.routes.filter((route) => route.pools.includes(name)).map(({ path }) => path));
  const before = config.routes.filter(({ path }) => paths.has(path)).flatMap((route) => route.pools);
  return [name, ...before].some((one) => (pools.get(one)?.pool.endpoints.length ?? 0) > 0);
}
