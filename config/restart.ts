/** What a running gateway cannot change about itself: it keeps what it was started with, and says so. */
import { isDeepStrictEqual } from 'node:util';
import { replaceAt, valueAt } from './paths.ts';
import type { Path } from './problem.ts';
import { formatPath } from './problem.ts';
import type { Config } from './schema.ts';

/** Sockets that are bound, processes that run, connections that others hold. */
const FIXED: readonly Path[] = [
  ['listen', 'host'],
  ['listen', 'port'],
  ['listen', 'workers'],
  ['admin', 'host'],
  ['admin', 'port'],
  ['log', 'format'],
  ['redis'],
];

/** `after` with what cannot change as it is in `running`, and the paths where the file asks for something else. */
export function keepFixed(running: Config, after: Config): { config: Config; needRestart: string[] } {
  const config = structuredClone(after);
  const fixed = [...FIXED, ...(tlsToggled(running, after) ? [['listen', 'tls'] satisfies Path] : [])];
  const asked = fixed.filter((path) => !isDeepStrictEqual(valueAt(running, path), valueAt(after, path)));
  for (const path of asked) replaceAt(config, path, valueAt(running, path));
  return { config, needRestart: asked.map(formatPath) };
}

/** Other certificates are read again while running, but a port does not change between http and https. */
function tlsToggled(running: Config, after: Config): boolean {
  return (running.listen.tls === undefined) !== (after.listen.tls === undefined);
}
