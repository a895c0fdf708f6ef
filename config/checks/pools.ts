/** Rules between the fields of `pools` and the limits they inherit. */
import { withoutQuery } from '../effective.ts';
import type { Finding, Path } from '../problem.ts';
import type { LimitsConfig, PoolConfig } from '../schema.ts';
import { didYouMean } from '../suggest.ts';
import { formatDuration } from '../units.ts';
import type { Parts } from './parts.ts';
import { checkUpstreamTls } from './upstream-tls.ts';

/** Checks names, transports, endpoints, timeouts and tags. */
export function checkPools(parts: Parts): Finding[] {
  const findings = [...checkNames(parts), ...checkTags(parts)];
  if (parts.limits) findings.push(...checkTimeouts(['limits'], parts.limits, parts.limits));
  for (const [index, pool] of parts.pools.entries()) {
    if (!pool) continue;
    const path = ['pools', index];
    findings.push(
      ...checkTransport(path, pool),
      ...checkEndpoints(path, pool),
      ...checkUpstreamTls(path, pool),
      ...checkAnnotations(path, pool),
    );
    if (parts.limits) findings.push(...checkPoolTimeouts(path, pool, parts.limits));
  }
  return findings;
}

function checkNames({ poolNames }: Parts): Finding[] {
  return poolNames.flatMap((name, index) => {
    const first = poolNames.indexOf(name);
    if (name === undefined || first === index) return [];
    return [{ path: ['pools', index, 'name'], message: `is the name of pools[${first}] too: ${name}` }];
  });
}

function checkTransport(path: Path, pool: PoolConfig): Finding[] {
  const findings: Finding[] = [];
  const stdio = pool.transport === 'stdio';
  if (stdio && !pool.command) {
    findings.push({
      path: [...path, 'command'],
      near: [...path, 'transport'],
      message: 'is required by transport: stdio',
    });
  }
  if (stdio && pool.endpoints.length > 0) {
    findings.push({
      path: [...path, 'endpoints'],
      message: 'do not go with transport: stdio',
      hint: 'use command',
    });
  }
  if (!stdio && pool.endpoints.length === 0) {
    findings.push({ path: [...path, 'endpoints'], message: 'must list at least one endpoint' });
  }
  for (const key of ['command', 'env', 'cwd', 'replicas'] as const) {
    if (stdio || pool[key] === undefined) continue;
    findings.push({ path: [...path, key], at: 'key', message: 'goes with transport: stdio only' });
  }
  return findings;
}

function checkAnnotations(path: Path, pool: PoolConfig): Finding[] {
  if (pool.cache.read_only_tools === undefined || pool.trust_annotations) return [];
  const message = 'goes by what the servers say of their tools, which trust_annotations does not believe';
  return [
    { path: [...path, 'cache', 'read_only_tools'], at: 'key', message, hint: 'set trust_annotations: true' },
  ];
}

function checkEndpoints(path: Path, pool: PoolConfig): Finding[] {
  const seen = new Set<string>();
  return pool.endpoints.flatMap((endpoint, index) => {
    const address =
      'url' in endpoint ? new URL(endpoint.url).href : `${endpoint.dns}:${endpoint.port}${endpoint.path}`;
    if (!seen.has(address)) {
      seen.add(address);
      return [];
    }
    const hint = 'use weight to give an endpoint more load';
    return [
      { path: [...path, 'endpoints', index], message: `is listed twice: ${withoutQuery(address)}`, hint },
    ];
  });
}

function checkPoolTimeouts(path: Path, pool: PoolConfig, limits: LimitsConfig): Finding[] {
  const findings = checkTimeouts(path, pool, limits);
  const inherited = {
    timeout: pool.timeout ?? limits.timeout,
    max_timeout: pool.max_timeout ?? limits.max_timeout,
  };
  for (const [index, rule] of pool.tools.entries()) {
    findings.push(...checkTimeouts([...path, 'tools', index], rule, inherited));
  }
  return findings;
}

/** A value that is inherited is wrong only together with one that is given, so the given one is named. */
function checkTimeouts(
  path: Path,
  given: { timeout?: number | undefined; max_timeout?: number | undefined },
  inherited: { timeout: number; max_timeout: number },
): Finding[] {
  if (given.timeout === undefined && given.max_timeout === undefined) return [];
  const timeout = given.timeout ?? inherited.timeout;
  const maxTimeout = given.max_timeout ?? inherited.max_timeout;
  if (timeout <= maxTimeout) return [];
  const [key, message] =
    given.timeout === undefined
      ? ['max_timeout', `must not be shorter than timeout, which is ${formatDuration(timeout)}`]
      : ['timeout', `must not be longer than max_timeout, which is ${formatDuration(maxTimeout)}`];
  return [{ path: [...path, key], message }];
}

function checkTags({ pools }: Parts): Finding[] {
  const rules = pools.flatMap((pool, poolIndex) =>
    (pool?.tools ?? []).map((rule, index) => ({ rule, path: ['pools', poolIndex, 'tools', index] })),
  );
  // A pool with mistakes of its own may hold the tag.
  if (pools.includes(undefined)) return [];
  const tags = [
    ...new Set([
      ...rules.flatMap(({ rule }) => rule.cache?.tags ?? []),
      ...pools.flatMap((pool) => [
        ...(pool?.cache.lists?.tags ?? []),
        ...(pool?.cache.read_only_tools?.tags ?? []),
      ]),
    ]),
  ];
  return rules.flatMap(({ rule, path }) =>
    rule.invalidates.flatMap((tag, index) => {
      if (tags.includes(tag)) return [];
      const message = `names the tag ${tag}, which no cache rule carries`;
      return [{ path: [...path, 'invalidates', index], message, ...didYouMean(tag, tags) }];
    }),
  );
}
