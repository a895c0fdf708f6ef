// Holds the house to its floors and habits, and holds the checker to catching what it is there for.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { floorViolations } from './support/architecture/floors.ts';
import { habitViolations } from './support/architecture/habits.ts';
import { readSources } from './support/architecture/source.ts';

const root = join(import.meta.dirname, '..');
const folders = ['gateway', 'config', 'demo', 'scripts', 'test'].filter((dir) => existsSync(join(root, dir)));
const sources = readSources(root, folders);

describe('the house', () => {
  it('is read at all', () => {
    expect(sources.some(({ path }) => path === 'gateway/core/exchange.ts')).toBe(true);
  });

  it('imports go down, and each library is known to its own room only', () => {
    expect(floorViolations(sources)).toEqual([]);
  });

  it('files are small, open with a sentence and keep the habits', () => {
    expect(habitViolations(sources)).toEqual([]);
  });
});

const opening = '// Holds a planted example of what is not allowed.\n';

describe('the checker of floors', () => {
  it.each([
    [
      'an import that looks up',
      'gateway/core/x.ts',
      "import { pick } from '../balance/x.ts';",
      /floor 1 .* floor 2/,
    ],
    [
      'an import that looks up for a type',
      'gateway/mcp/x.ts',
      "import type { X } from '../core/x.ts';",
      /floor 0/,
    ],
    [
      'a lazy import that looks up',
      'gateway/auth/x.ts',
      "await import('../server/x.ts');",
      /floor 2 .* floor 5/,
    ],
    ['a re-export from above', 'config/x.ts', "export { a } from '../gateway/core/a.ts';", /floor 0/],
    ['an import that looks sideways', 'gateway/cache/x.ts', "import { a } from '../limits/a.ts';", /blind/],
    [
      'an import over several lines',
      'gateway/cache/x.ts',
      "import {\n  a,\n  b,\n} from '../limits/a.ts';",
      /blind/,
    ],
    [
      'an import that leaves the house',
      'gateway/cache/x.ts',
      "import { a } from '../../test/a.ts';",
      /outside/,
    ],
    [
      'core running code of config',
      'gateway/core/x.ts',
      "import { a } from '../../config/a.ts';",
      /only types/,
    ],
    ['a folder without a floor', 'gateway/misc/x.ts', 'export const a = 1;', /no floor/],
    ['the demo below the commands', 'gateway/server/x.ts', "import { a } from '../../demo/a.ts';", /floor 6/],
    ['Hono upstream', 'gateway/upstream/x.ts', "import { Hono } from 'hono';", /only gateway\/server/],
    ['node:http in a command', 'gateway/commands/x.ts', "import http from 'node:http';", /node:http/],
    ['undici in a policy', 'gateway/health/x.ts', "import { request } from 'undici';", /undici/],
    ['Redis by another name', 'gateway/cache/store.ts', "import { Redis } from 'ioredis';", /redis-\*/],
    [
      'shared state where a policy is meant',
      'gateway/limits/rate-limit.ts',
      "import type { RedisConnection } from '../redis/redis-connection.ts';",
      /only redis-\*/,
    ],
    ['OpenTelemetry below', 'gateway/core/x.ts', "import { m } from '@opentelemetry/api';", /OpenTelemetry/],
  ])('catches %s', (_name, path, code, message) => {
    expect(floorViolations([{ path, text: opening + code }])).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['gateway/server/x.ts', "import { Hono } from 'hono';\nimport { a } from '../core/a.ts';"],
    ['gateway/core/x.ts', "import type { Config } from '../../config/schema.ts';"],
    ['gateway/cache/redis-store.ts', "import { Redis } from 'ioredis';"],
    [
      'gateway/limits/redis-buckets.ts',
      "import type { RedisConnection } from '../redis/redis-connection.ts';",
    ],
    ['gateway/main.ts', "import { serve } from './commands/serve.ts';"],
    ['gateway/upstream/x.ts', "import type { IncomingHttpHeaders } from 'node:http';"],
    ['gateway/cache/x.ts', "// import { a } from '../limits/a.ts';"],
    ['test/server/x.ts', "import { createServer } from 'node:http';\nimport '../../gateway/server/x.ts';"],
  ])('lets %s import what its floor may see', (path, code) => {
    expect(floorViolations([{ path, text: opening + code }])).toEqual([]);
  });
});

describe('the checker of habits', () => {
  it.each([
    ['is too long', 'gateway/core/x.ts', '\n'.repeat(251), /ceiling/],
    ['compares an era', 'gateway/auth/x.ts', "if (x === 'legacy') a();", /era/],
    ['compares an era backwards', 'gateway/server/x.ts', "if ('modern' !== x) a();", /era/],
    ['switches on an era', 'gateway/upstream/x.ts', "switch (x) { case 'modern': a(); }", /era/],
    ['asks an era for its name', 'gateway/limits/x.ts', 'const a = x.era.name;', /era/],
    ['ages its closures', 'gateway/cache/x.ts', 'x.follower = (sign) => heard(sign);', /function literal/],
    ['lies in utils', 'gateway/core/utils/x.ts', 'a();', /folder/],
    ['lies in a lib folder of the tests', 'test/lib/x.ts', 'a();', /folder/],
    ['is an index', 'gateway/core/index.ts', 'a();', /barrel/],
    [
      'only re-exports',
      'gateway/core/x.ts',
      "export { a } from './a.ts';\nexport * from './b.ts';",
      /barrel/,
    ],
    ['takes any', 'gateway/core/x.ts', 'function a(b: any) {}', /`any`/],
    ['casts to any', 'test/x.ts', 'const a = b as any;', /`any`/],
    ['nests any', 'config/x.ts', 'const a: Map<string, any> = b;', /`any`/],
  ])('catches a file that %s', (_name, path, code, message) => {
    expect(habitViolations([{ path, text: opening + code }])).toEqual([expect.stringMatching(message)]);
  });

  it('catches a file that opens without a sentence', () => {
    expect(
      habitViolations([{ path: 'config/x.ts', text: "import { a } from './a.ts';\n// What it holds.\n" }]),
    ).toHaveLength(1);
  });

  it.each([
    ['gateway/upstream/probe.ts', "if (x === 'legacy') a();"],
    ['gateway/mcp/eras/x.ts', 'const a = x.era.name;'],
    ['gateway/auth/x.ts', "// if (x === 'legacy')\nconst a = 'any of: any';"],
    ['gateway/core/x.ts', 'const any = 1; a(any(b)); AbortSignal.any([c]); const d = any || e;'],
  ])('lets %s be', (path, code) => {
    expect(habitViolations([{ path, text: opening + code }])).toEqual([]);
  });
});
