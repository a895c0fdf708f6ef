// The floors of the house: imports go down, and rooms of one floor do not know each other (gateway/README.md).
import type { Source } from './source.ts';
import { importsOf } from './source.ts';

/** The floor of each room; a new folder or file at the top of gateway/ gets a floor here before anything else. */
export const floors: Readonly<Record<string, number>> = {
  config: 0,
  'gateway/mcp': 0,
  'gateway/version.ts': 0,
  'gateway/core': 1,
  'gateway/http1': 1,
  'gateway/redis': 1,
  'gateway/advise': 2,
  'gateway/auth': 2,
  'gateway/balance': 2,
  'gateway/cache': 2,
  'gateway/health': 2,
  'gateway/limits': 2,
  'gateway/sessions': 2,
  'gateway/telemetry': 2,
  'gateway/upstream': 3,
  'gateway/gateway.ts': 4,
  'gateway/pipeline.ts': 4,
  'gateway/pool-caches.ts': 4,
  'gateway/pool-parts.ts': 4,
  'gateway/recovery-settings.ts': 4,
  'gateway/shared.ts': 4,
  'gateway/server': 5,
  demo: 6,
  'gateway/commands': 7,
  'gateway/main.ts': 7,
};

/** The neighbours on one floor that may know each other. */
const neighbours: readonly (readonly [importer: string, imported: string])[] = [
  ['gateway/main.ts', 'gateway/commands'],
  ['gateway/gateway.ts', 'gateway/pipeline.ts'],
  ['gateway/gateway.ts', 'gateway/shared.ts'],
  ['gateway/gateway.ts', 'gateway/pool-caches.ts'],
  ['gateway/gateway.ts', 'gateway/pool-parts.ts'],
  ['gateway/gateway.ts', 'gateway/recovery-settings.ts'],
  ['gateway/pool-caches.ts', 'gateway/pool-parts.ts'],
  ['gateway/pool-parts.ts', 'gateway/shared.ts'],
  ['gateway/recovery-settings.ts', 'gateway/pool-parts.ts'],
  ['gateway/recovery-settings.ts', 'gateway/shared.ts'],
];

/** The packages and modules that only some files may import: what is swapped with one folder. */
const owners: readonly { readonly module: RegExp; readonly owner: RegExp; readonly rule: string }[] = [
  {
    module: /^(hono(\/|$)|@hono\/|node:https?$|node:http2$)/,
    owner: /^gateway\/server\//,
    rule: 'only gateway/server may import Hono and node:http',
  },
  { module: /^undici(\/|$)/, owner: /^gateway\/upstream\//, rule: 'only gateway/upstream may import undici' },
  { module: /^ioredis(\/|$)/, owner: /\/redis-[^/]+\.ts$/, rule: 'only redis-* files may import ioredis' },
  {
    module: /^@opentelemetry\//,
    owner: /^gateway\/telemetry\//,
    rule: 'only gateway/telemetry may import OpenTelemetry',
  },
];

function roomOf(path: string): string {
  const top = path.split('/')[0] ?? '';
  return top in floors ? top : path.split('/').slice(0, 2).join('/');
}

function wrongImport(source: Source, target: string, isTypeOnly: boolean): string | undefined {
  const room = roomOf(source.path);
  const other = roomOf(target);
  if (room === other || /^package\.json$/.test(target)) return undefined;
  const from = floors[room];
  const to = floors[other];
  if (from === undefined) return undefined;
  if (to === undefined) return `imports ${target}, which is outside the house`;
  if (to > from) return `imports ${target}: floor ${from} may not look up to floor ${to}`;
  if (to === from && !neighbours.some(([importer, imported]) => importer === room && imported === other)) {
    return `imports ${target}: rooms of floor ${from} are blind to each other`;
  }
  if (other === 'gateway/redis' && from === 2 && !/\/redis-[^/]+\.ts$/.test(source.path)) {
    return `imports ${target}: on floor 2 only redis-* files know Redis`;
  }
  if (room === 'gateway/core' && other === 'config' && !isTypeOnly) {
    return `imports ${target}: core takes only types from config`;
  }
  return undefined;
}

/** The files of gateway/ and config/ that import what their floor may not see. */
export function floorViolations(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => /^(gateway|config)\//.test(path))
    .flatMap((source) => {
      const problems = importsOf(source).map(({ target, isRelative, isTypeOnly }) => {
        if (isRelative) return wrongImport(source, target, isTypeOnly);
        // The header types of node:http are the platform's own words; using them opens no socket.
        if (isTypeOnly && target === 'node:http') return undefined;
        return owners.find(({ module, owner }) => module.test(target) && !owner.test(source.path))?.rule;
      });
      if (floors[roomOf(source.path)] === undefined) problems.push(`${roomOf(source.path)} has no floor`);
      return problems
        .filter((problem) => problem !== undefined)
        .map((problem) => `${source.path}: ${problem}`);
    });
}
