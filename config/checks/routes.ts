/** Rules between `routes` and `pools`. */
import type { Finding, Path } from '../problem.ts';
import type { RouteConfig } from '../schema.ts';
import { didYouMean } from '../suggest.ts';
import type { Parts } from './parts.ts';

/** Paths that the gateway answers itself. */
const RESERVED = ['/health', '/.well-known'];

/** Checks that paths are unique and free, and that routes lead to pools that exist. */
export function checkRoutes({ routes, poolNames }: Parts): Finding[] {
  const paths = routes.map((route) => route?.path);
  return routes.flatMap((route, index) => {
    if (!route) return [];
    const findings: Finding[] = [];
    const first = paths.indexOf(route.path);
    if (first !== index) {
      findings.push({
        path: ['routes', index, 'path'],
        message: `is the path of routes[${first}] too: ${route.path}`,
        hint: 'list all pools of a path in one route',
      });
    }
    if (RESERVED.some((taken) => route.path === taken || route.path.startsWith(`${taken}/`))) {
      findings.push({ path: ['routes', index, 'path'], message: `is kept for the gateway: ${route.path}` });
    }
    return [...findings, ...checkPoolsOf(['routes', index], route, poolNames)];
  });
}

function checkPoolsOf(path: Path, route: RouteConfig, poolNames: Parts['poolNames']): Finding[] {
  const known = poolNames.filter((name) => name !== undefined);
  const findings: Finding[] = [];
  for (const [index, name] of route.pools.entries()) {
    if (!known.includes(name)) {
      const message = `names the pool ${name}, which does not exist`;
      findings.push({ path: [...path, 'pools', index], message, ...didYouMean(name, known) });
    } else if (route.pools.indexOf(name) !== index) {
      findings.push({ path: [...path, 'pools', index], message: `names the pool ${name} twice` });
    }
  }
  if (route.pools.length > 1 && route.prefix === 'never') {
    findings.push({
      path: [...path, 'prefix'],
      message: 'must not be never with several pools, whose tools may have the same names',
      hint: 'use always or on_conflict',
    });
  }
  return findings;
}
