// Warnings: what is allowed and may surprise.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../config/load.ts';
import { startGateway } from '../support/gateway-file.ts';

const endpoints = [{ url: 'http://127.0.0.1:1/mcp' }];

function warnings(
  pool: Record<string, unknown>,
): [path: string, message: string, hint: string | undefined][] {
  const text = stringify({ pools: [{ name: 'a', endpoints, ...pool }] });
  const loaded = parseConfig(text, { file: 'gateway.yaml', env: {}, dir: '/' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.warnings.map(({ path, message, hint }) => [path, message, hint]);
}

function tool(cache: Record<string, unknown>) {
  return { tools: [{ match: 'look', cache: { ttl: '1m', ...cache } }] };
}

describe('idle sessions', () => {
  const session_keys = ['8f2c1d7be09a4453b6f1c2d3e4a59687f0'];
  const paths = (more: Record<string, unknown>) => {
    const text = stringify({ ...more, pools: [{ name: 'a', endpoints }] });
    const loaded = parseConfig(text, { file: 'gateway.yaml', env: {}, dir: '/' });
    return loaded.ok ? loaded.warnings.map(({ path, line, hint }) => [path, line, hint]) : loaded.problems;
  };

  it('are warned of where others may have the key and nobody tells of them', () => {
    const hint = 'add redis, or lower session_ttl, which is 24h';
    expect(paths({ session_keys })).toEqual([['limits.session_idle', 1, hint]]);
  });

  it.each([
    ['this gateway has a key of its own', {}],
    ['an empty variable gives no key', { session_keys: [''] }],
    ['gateways tell each other', { session_keys, redis: { url: 'redis://127.0.0.1:6379' } }],
    ['sessions end sooner than that', { session_keys, limits: { session_ttl: '10m' } }],
  ])('are not where %s', (_why, more) => {
    expect(paths(more)).toEqual([]);
  });
});

describe('a hedge', () => {
  const hedge = { after: '50ms' };
  const idle = [
    'pools[0].tools[0].hedge',
    'never acts, because nothing says that these tools are safe to call twice',
    'add retry: safe to the rule if they are',
  ];

  it.each<[string, Record<string, unknown>, unknown[]]>([
    ['of tools that nobody calls safe is warned of', { tools: [{ match: '*', hedge }] }, [idle]],
    [
      'of tools that are never to be repeated, too',
      { trust_annotations: true, tools: [{ match: '*', hedge, retry: 'never' }] },
      [idle],
    ],
    ['of safe tools is not', { tools: [{ match: '*', hedge, retry: 'safe' }] }, []],
    [
      'of tools whose annotations are trusted is not',
      { trust_annotations: true, tools: [{ match: '*', hedge }] },
      [],
    ],
  ])('%s', (_what, pool, expected) => {
    expect(warnings(pool)).toEqual(expected);
  });
});

describe('answers shared between all callers', () => {
  const at = 'pools[0].tools[0].cache.scope';
  const told = (names: string) =>
    `shares answers between all callers, but forward_headers tells the servers ${names} of each`;

  it.each<[string, Record<string, unknown>, unknown[]]>([
    ['are nothing to warn of where nothing crosses', tool({ scope: 'public' }), []],
    ['are not those of each client', { ...tool({}), forward_headers: ['X-Tenant'] }, []],
    [
      'are warned of where the servers are told who asks',
      { ...tool({ scope: 'public' }), forward_headers: ['Authorization', 'X-Tenant'] },
      [[at, told('authorization, x-tenant'), 'name them in vary_on, or use scope: client']],
    ],
    [
      'may differ by some headers and not by others',
      {
        ...tool({ scope: 'public', vary_on: ['x-tenant', 'arguments.a'] }),
        forward_headers: ['X-Tenant', 'X-Region'],
      },
      [[at, told('x-region'), 'name it in vary_on, or use scope: client']],
    ],
    [
      'are nothing to warn of where each of those headers tells them apart',
      { ...tool({ scope: 'public', vary_on: ['X-Tenant'] }), forward_headers: ['x-tenant'] },
      [],
    ],
    [
      'are warned of in rules for lists and for read-only tools too',
      {
        forward_headers: ['X-Tenant'],
        trust_annotations: true,
        cache: {
          lists: { ttl: '1m', scope: 'public' },
          read_only_tools: { ttl: '1m', scope: 'public' },
        },
      },
      [
        ['pools[0].cache.lists.scope', told('x-tenant'), 'use scope: client'],
        [
          'pools[0].cache.read_only_tools.scope',
          told('x-tenant'),
          'name it in vary_on, or use scope: client',
        ],
      ],
    ],
  ])('%s', (_name, pool, expected) => {
    expect(warnings(pool)).toEqual(expected);
  });

  it('are warned of in the log, at the start and at each reload', async () => {
    const warned = stringify({
      pools: [{ name: 'a', endpoints, forward_headers: ['X-Tenant'], ...tool({ scope: 'public' }) }],
    });
    const gateway = await startGateway(warned);
    onTestFinished(() => gateway.stop(0));
    await gateway.reload('signal');
    const message = expect.stringMatching(
      /gateway\.yaml:\d+:\d+ pools\[0\]\.tools\[0\]\.cache\.scope: shares/,
    );
    await vi.waitFor(() => {
      const logged = gateway.logs().filter(({ event }) => event === 'config_warning');
      expect(logged).toEqual(Array(2).fill(expect.objectContaining({ level: 'warn', message })));
    });
  });
});
