/** What a good file may yet not mean: told by `check` and at the start, and never in the way. */
import type { Finding, Path } from './problem.ts';
import type { Config, PoolConfig } from './schema.ts';
import { formatDuration } from './units.ts';

/** Everything in a configuration that works and may surprise. */
export function warningsOf(config: Config): Finding[] {
  const ofPools = config.pools.flatMap((pool, index) => [
    ...sharedAnswers(['pools', index], pool),
    ...idleHedges(['pools', index], pool),
  ]);
  return [...idleSessions(config), ...ofPools];
}

/** Idle sessions that go on: whoever has the key may be serving them, and without Redis nobody tells. */
function idleSessions({ session_keys: keys, redis, limits }: Config): Finding[] {
  if (keys.length === 0 || redis !== undefined || limits.session_idle >= limits.session_ttl) return [];
  const message =
    'ends no session with session_keys and without redis: another gateway may be using it, and nobody tells';
  const hint = `add redis, or lower session_ttl, which is ${formatDuration(limits.session_ttl)}`;
  return [{ path: ['limits', 'session_idle'], near: ['session_keys'], message, hint }];
}

/** Hedges that never act: a call of which nobody says that it is safe to send twice is sent once. */
function idleHedges(path: Path, { tools, trust_annotations }: PoolConfig): Finding[] {
  return tools.flatMap(({ hedge, retry }, index) => {
    if (hedge === undefined || retry === 'safe' || (retry === undefined && trust_annotations)) return [];
    const message = 'never acts, because nothing says that these tools are safe to call twice';
    const hint = 'add retry: safe to the rule if they are';
    return [{ path: [...path, 'tools', index, 'hedge'], message, hint }];
  });
}

/** Answers that all callers share, of servers that are told more of the caller than the question. */
function sharedAnswers(path: Path, pool: PoolConfig): Finding[] {
  const { lists, read_only_tools: annotated } = pool.cache;
  const rules = [
    ...pool.tools.map(({ cache }, index) => ({ at: [...path, 'tools', index, 'cache'], cache })),
    { at: [...path, 'cache', 'read_only_tools'], cache: annotated },
  ];
  const findings = rules.flatMap(({ at, cache }) => {
    if (cache?.scope !== 'public') return [];
    const told = pool.forward_headers.filter((name) => !cache.vary_on.includes(name));
    return told.length === 0
      ? []
      : [warning(at, told, `name ${them(told)} in vary_on, or use scope: client`)];
  });
  if (lists?.scope === 'public' && pool.forward_headers.length > 0)
    findings.push(warning([...path, 'cache', 'lists'], pool.forward_headers, 'use scope: client'));
  return findings;
}

function warning(at: Path, told: readonly string[], hint: string): Finding {
  const message = `shares answers between all callers, but forward_headers tells the servers ${told.join(', ')} of each`;
  return { path: [...at, 'scope'], message, hint };
}

function them(names: readonly string[]): string {
  return names.length === 1 ? 'it' : 'them';
}
