// Advice on logs: what a line says becomes a call again in either form, and the program prints advice, patch and exit code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { Call } from '../../gateway/advise/calls.ts';
import { callOfLine } from '../../gateway/advise/log-lines.ts';
import { formatter } from '../../gateway/telemetry/log-format.ts';
import { runCommand } from '../commands/run-command.ts';
import { traffic } from './figures.ts';

function lineOf(call: Call): string {
  const { at, client, pool, endpoint, tool, durationMs, upstreamMs, queueMs } = call;
  const { errorType, attempts, cache } = call;
  return JSON.stringify({
    event: 'tool_execution',
    time: new Date(at).toISOString(),
    level: 'info',
    client,
    pool,
    endpoint: endpoint ?? null,
    tool,
    duration_ms: durationMs,
    upstream_ms: upstreamMs ?? null,
    queue_ms: queueMs,
    success: errorType === undefined,
    error_type: errorType ?? null,
    cache: cache ?? null,
    attempts,
  });
}

const [some] = traffic({ calls: 1 }) as [Call];

it.each<[string, Call]>([
  ['that succeeded', some],
  ['that nobody was asked for', { ...some, endpoint: undefined, upstreamMs: undefined, cache: 'hit' }],
  ['that failed with a code', { ...some, errorType: '-32603', attempts: 2 }],
  ['with a strange name', { ...some, tool: 'a "b"\\ c=d\n' }],
])('a call %s is the same after it was logged, as JSON and as logfmt', (_name, call) => {
  const line = lineOf(call);
  expect(callOfLine(line)).toEqual(call);
  expect(callOfLine(formatter('logfmt', false)?.(line) ?? '')).toEqual(call);
});

it('a call of a line without queue_ms has waited as long as it was not with an upstream', () => {
  const { queue_ms: _, ...line } = JSON.parse(lineOf({ ...some, durationMs: 90, upstreamMs: 30 }));
  expect(callOfLine(JSON.stringify(line))).toMatchObject({ queueMs: 60 });
  expect(callOfLine(JSON.stringify({ ...line, upstream_ms: null }))).toMatchObject({ queueMs: 0 });
});

it('a line that tells of no call is passed over', () => {
  for (const line of ['', 'x', '{"event":"reload"}', '{"event":"tool_execution"', 'tool_execution']) {
    expect(callOfLine(line)).toBeUndefined();
  }
});

it('the program prints advice on a log, its patch, and fails where it is told to', {
  timeout: 40_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'advise-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const slow = traffic({ tool: 'report', calls: 200, upstreamMs: (r) => 1500 + 3000 * r });
  const lines = [...slow, ...traffic()].map(lineOf);
  writeFileSync(join(dir, 'events.jsonl'), lines.join('\n'));
  const advise = (...more: string[]) =>
    runCommand(['advise', '--from', 'events.jsonl', ...more], { cwd: dir });
  const [plain, patch, gentle] = await Promise.all([
    advise('--fail-on', 'error'),
    advise('--patch'),
    runCommand(['advise', '--from', 'none.jsonl'], { cwd: dir }),
  ]);
  expect(plain.code).toBe(3);
  expect(plain.stdout).toContain('3200 tool calls in 10 min (log)');
  expect(plain.stdout).toContain('× GW001 error [search/report]\n  `report` makes 100 % of the slow calls');
  expect(plain.stdout).toContain('GW005 [process]: log lines do not say how much memory the process had');
  expect(patch.code).toBe(0);
  expect(parse(patch.stdout)).toEqual({
    pools: [{ name: 'search', tools: [{ match: 'report', concurrency: 2 }] }],
  });
  expect([gentle.code, gentle.stderr]).toEqual([1, expect.stringContaining('none.jsonl cannot be read')]);
});
