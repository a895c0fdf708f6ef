// What every command loads before it runs, the health check of a container included.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importsOf, readSources } from '../support/architecture/source.ts';

const sources = new Map(
  readSources(join(import.meta.dirname, '../..'), ['gateway', 'config', 'demo']).map((source) => [
    source.path,
    source,
  ]),
);

/** All that a file takes to load: itself, the files it imports and theirs, and packages. */
function loadedBy(path: string, known = new Set<string>()): Set<string> {
  if (known.has(path)) return known;
  known.add(path);
  const source = sources.get(path);
  if (source === undefined) return known;
  for (const { target, isTypeOnly, isLazy } of importsOf(source)) {
    if (!isTypeOnly && !isLazy) loadedBy(target, known);
  }
  return known;
}

it('every command starts without the gateway, which only those that need it load', () => {
  const loaded = [...loadedBy('gateway/commands/program.ts')];
  expect(loaded).toContain('gateway/commands/healthcheck.ts');
  const packages = loaded.filter((name) => !sources.has(name) && !name.startsWith('node:'));
  expect(packages.toSorted()).toEqual(['commander', 'ipaddr.js', 'yaml', 'zod']);
  const files = loaded.filter((name) => sources.has(name));
  expect(files.filter((path) => !/^(config|demo|gateway\/commands)\//.test(path))).toEqual([
    'gateway/version.ts',
  ]);
});

it('the gateway itself is what serve loads', () => {
  expect([...loadedBy('gateway/server/run.ts')]).toContain('gateway/gateway.ts');
});
