// Loading: defaults, variables, secrets, positions, and files that are not fit to be read.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig, parseConfig } from '../../config/load.ts';

const pools = 'pools:\n  - name: a\n    endpoints: [{ url: "http://a/mcp" }]\n';

function parse(text: string, env: Record<string, string> = {}) {
  return parseConfig(text, { file: 'gateway.yaml', env, dir: '/' });
}

function parsed(text: string, env: Record<string, string> = {}) {
  const result = parse(text, env);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

describe('a loaded configuration', () => {
  it('has durations in ms, sizes in bytes and every default', () => {
    const { config } = parsed(pools);
    expect(config.limits).toMatchObject({ timeout: 30_000, max_timeout: 600_000, session_ttl: 86_400_000 });
    expect(config.listen).toMatchObject({ host: '127.0.0.1', port: 8080, max_body: 4_194_304, workers: 1 });
    expect(config.drain).toEqual({ delay: 0, timeout: 25_000 });
    expect(config.pools[0]).toMatchObject({ connections: 100, connect_timeout: 2000, keep_alive: 4000 });
  });

  it('leaves inherited timeouts of a pool undefined', () => {
    const pool = parsed(pools).config.pools[0];
    expect([pool?.timeout, pool?.max_timeout]).toEqual([undefined, undefined]);
  });

  it('routes one pool at /mcp and at its name', () => {
    expect(parsed(pools).config.routes).toEqual([
      { path: '/mcp', pools: ['a'], prefix: 'never' },
      { path: '/a/mcp', pools: ['a'], prefix: 'never' },
    ]);
  });

  it('takes numbers from variables where it wants numbers, and texts where it wants texts', () => {
    const text = `listen: { port: "\${P}" }\n${pools}    headers: { x: "\${P}" }\n    connections: \${N:-7}\n`;
    const { config } = parsed(text, { P: '8081' });
    expect([config.listen.port, config.pools[0]?.headers, config.pools[0]?.connections]).toEqual([
      8081,
      { x: '8081' },
      7,
    ]);
  });

  it('never reads what a variable holds as YAML', () => {
    const { config } = parsed(`${pools}    headers: { x: "\${EVIL}" }\n`, { EVIL: 'a", y: "b ${HOME} $$' });
    expect(config.pools[0]?.headers).toEqual({ x: 'a", y: "b ${HOME} $$' });
  });

  it('takes an empty token or key for none', () => {
    const { config } = parsed(`admin: { token: "\${T:-}" }\nsession_keys: ["\${K:-}"]\n${pools}`);
    expect([config.admin.token, config.session_keys]).toEqual([undefined, []]);
  });

  it('knows where each value stands', () => {
    const { positionOf } = parsed(pools);
    expect(positionOf(['pools', 0, 'endpoints', 0, 'url'])).toEqual({ line: 3, column: 24 });
    expect(positionOf(['pools', 0, 'timeout'])).toEqual({ line: 2, column: 5 });
  });

  it('puts header names in lower case', () => {
    expect(parsed(`${pools}    headers: { X-Team: a }\n`).config.pools[0]?.headers).toEqual({
      'x-team': 'a',
    });
  });
});

describe('a file', () => {
  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'config-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  it('that does not exist is a problem, not an exception', () => {
    const result = loadConfig(join(directory(), 'none.yaml'), { env: {} });
    expect(result).toMatchObject({
      ok: false,
      problems: [{ path: 'file', message: 'cannot be read: ENOENT' }],
    });
  });

  it('that is a directory is a problem', () => {
    expect(loadConfig(directory(), { env: {} })).toMatchObject({ ok: false });
  });

  it('over 1 MiB is not read', () => {
    const file = join(directory(), 'large.yaml');
    writeFileSync(file, `${pools}#${'x'.repeat(1_048_576)}`);
    expect(loadConfig(file, { env: {} })).toMatchObject({ problems: [{ message: 'is larger than 1MiB' }] });
    expect(parse(`#${'x'.repeat(1_048_576)}`)).toMatchObject({
      problems: [{ message: 'is larger than 1MiB' }],
    });
  });

  it('names the secret files it read, relative to itself', () => {
    const path = directory();
    writeFileSync(join(path, 'token'), '  t0ken\n');
    writeFileSync(join(path, 'gateway.yaml'), `admin: { token: { file: token } }\n${pools}`);
    const result = loadConfig(join(path, 'gateway.yaml'), { env: {} });
    expect(result).toMatchObject({
      ok: true,
      files: [join(path, 'token')],
      config: { admin: { token: 't0ken' } },
    });
  });

  it.each([
    ['', 'is empty'],
    ['x'.repeat(1_100_000), 'is larger than 1MiB'],
  ])('with a secret file of %.3s... is refused', (content, message) => {
    const path = directory();
    writeFileSync(join(path, 'token'), content);
    const result = parseConfig(`admin: { token: { file: token } }\n${pools}`, {
      file: 'f',
      env: {},
      dir: path,
    });
    expect(result).toMatchObject({
      problems: [{ path: 'admin.token', message: expect.stringContaining(message) }],
    });
  });

  it('that pollutes prototypes is refused and pollutes nothing', () => {
    expect(parse(`__proto__: { polluted: 1 }\n${pools}`)).toMatchObject({ ok: false });
    expect('polluted' in {}).toBe(false);
  });

  it('nested beyond reason is refused', () => {
    expect(parse('['.repeat(20_000))).toMatchObject({ ok: false });
    expect(parse(`a: ${'{a: '.repeat(100)}${'}'.repeat(100)}`)).toMatchObject({ ok: false });
  });
});

describe('any text', () => {
  const isAnswered = (text: string): void => {
    expect(typeof parse(text).ok).toBe('boolean');
  };

  const words = fc.constantFrom(
    'pools',
    'routes',
    'listen',
    'name',
    'endpoints',
    'url',
    'headers',
    '__proto__',
    'http://a/mcp',
    '${A:-1}',
    '${',
    '/mcp',
    'tools',
    'limits',
    'timeout',
    '30s',
    '*a',
    '&a x',
    '!!set',
    '<<',
  );
  const piece = fc.oneof(
    words,
    fc.constantFrom(': ', '\n', '\n  ', '- ', '[', ']', '{', '}', ', ', '"', "'", '\t', '#'),
  );

  it('is answered with a configuration or with problems, never an exception', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), isAnswered));
    const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
    fc.assert(fc.property(soup, isAnswered), { numRuns: 1000 });
  });

  it('of well-formed YAML is too', () => {
    const keys = fc.oneof(words, fc.string());
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(words, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
      tree: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(words, tree, { maxKeys: 5 }), (data) => {
        const result = parse(stringify(data));
        if (!result.ok)
          for (const { line, column } of result.problems) expect(line * column).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
