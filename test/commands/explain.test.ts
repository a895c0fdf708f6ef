// `explain`, as users run it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { GatedUpstream } from '../support/gated-upstream.ts';
import { runCommand } from './run-command.ts';

const cwd = mkdtempSync(join(tmpdir(), 'explain-'));
let upstream: GatedUpstream;

beforeAll(async () => {
  upstream = await GatedUpstream.start();
  upstream.tools = ['search_docs', 'echo'].map((name) => ({ name, inputSchema: { type: 'object' } }));
  const yaml = `version: 1
limits:
  timeout: 20s
clients:
  - id: ci
    api_key: k
    concurrency: 3
    tools: { allow: ["search_*"] }
pools:
  - name: p
    endpoints:
      - url: ${upstream.url}
    response_chars: 9000
    tools:
      - match: "search_*"
        max_timeout: 1m
        concurrency: 4
  - name: q
    endpoints:
      - url: http://127.0.0.1:9/mcp
routes:
  - { path: /mcp, pools: [p], prefix: never }
`;
  writeFileSync(join(cwd, 'gateway.yaml'), yaml);
});

afterAll(async () => {
  await upstream.close();
  rmSync(cwd, { recursive: true });
});

it('shows each value and the line it comes from', async () => {
  const { code, stdout } = await runCommand(['explain', 'search_docs', '--client', 'ci', '--json'], { cwd });
  expect(code).toBe(0);
  const { pools } = JSON.parse(stdout) as { pools: { pool: string; policy: Record<string, unknown>[] }[] };
  const of = (name: string) => pools[0]?.policy.find((row) => row['name'] === name);
  expect(of('timeout')).toEqual({
    name: 'timeout',
    value: 20_000,
    text: '20s',
    path: 'limits.timeout',
    line: 3,
  });
  expect(of('max_timeout')).toMatchObject({ value: 60_000, path: 'pools[0].tools[0].max_timeout', line: 16 });
  expect(of('response_chars')).toMatchObject({ value: 9000, line: 13 });
  expect(of('concurrency')).toMatchObject({ value: 3, path: 'clients[0].concurrency', line: 7 });
  expect(of('tool concurrency')).toMatchObject({ value: 4, line: 17 });
  expect(of('allowed')).toMatchObject({ value: true, line: 8 });
  expect(of('queue')).toMatchObject({ value: { size: 100, timeout: 5000 }, path: 'limits.queue' });
  expect(of('queue')).not.toHaveProperty('line');
});

it('is readable', async () => {
  const { code, stdout } = await runCommand(['explain', 'echo', '--client', 'ci'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^echo in pool p$/m);
  expect(stdout).toMatch(/timeout +20s +gateway.yaml:3 limits.timeout/);
  expect(stdout).toMatch(/allowed +false +gateway.yaml:8/);
  expect(stdout).toMatch(/max_timeout +10m +default of limits.max_timeout/);
  expect(stdout).toMatch(/^echo in pool q, which does not answer$/m);
});

it('shows what is kept of tools that call themselves read-only, as the file would spell it', async () => {
  const readOnly = await GatedUpstream.start();
  onTestFinished(() => readOnly.close());
  const tool = (name: string, annotations?: object) => ({
    name,
    inputSchema: { type: 'object' },
    annotations,
  });
  const closed = { readOnlyHint: true, openWorldHint: false };
  readOnly.tools = [tool('look', closed), tool('write'), tool('drop', closed)];
  const yaml = `pools:
  - name: p
    endpoints: [{ url: "${readOnly.url}" }]
    trust_annotations: true
    cache:
      read_only_tools: { ttl: 1m, stale_while_revalidate: 90s, stale_if_error: 2h, max_entry: 64KiB }
    tools:
      - { match: drop, invalidates: [x], hedge: { after: 500ms }, retry: safe }
      - { match: none, cache: { ttl: 1s, tags: [x] } }
`;
  writeFileSync(join(cwd, 'kept.yaml'), yaml);
  const textOf = async (name: string) =>
    (await runCommand(['explain', name, '-c', 'kept.yaml'], { cwd })).stdout;
  const look = await textOf('look');
  expect(look).toMatch(
    /tool cache +\{ ttl: 1m, stale_while_revalidate: 90s, stale_if_error: 2h, tags: \[\], max_entry: 64KiB, .*\} +kept.yaml:6 pools\[0\]\.cache\.read_only_tools/,
  );
  expect(look).toMatch(/max_response +16MiB +default/);
  expect(look).toMatch(/body_memory +64MiB +default/);
  expect(await textOf('write')).not.toContain('tool cache');
  const drop = await textOf('drop');
  expect(drop).not.toContain('tool cache');
  expect(drop).toMatch(/tool hedge +\{ after: 500ms, budget_percent: 5 \}/);
});

it('asks what stands behind a name', async () => {
  const endpoint = `{ dns: localhost, port: ${new URL(upstream.url).port} }`;
  writeFileSync(join(cwd, 'named.yaml'), `pools: [{ name: p, endpoints: [${endpoint}] }]\n`);
  const { code, stdout } = await runCommand(['explain', 'echo', '-c', 'named.yaml'], { cwd });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^echo in pool p$/m)]);
  const other = await runCommand(['explain', 'other', '-c', 'named.yaml'], { cwd });
  expect(other.code).toBe(3);
});

it('ends with 3 when no pool can have the tool', async () => {
  const yaml = `version: 1\npools:\n  - name: p\n    endpoints: [{ url: "${upstream.url}" }]\n`;
  writeFileSync(join(cwd, 'one.yaml'), yaml);
  const { code, stderr } = await runCommand(['explain', 'serch_docs', '-c', 'one.yaml'], { cwd });
  expect(code).toBe(3);
  expect(stderr).toContain('did you mean search_docs?');
});
