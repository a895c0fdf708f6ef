// The shipped rules and alerts: well-formed, true in their scenarios, and with a runbook section each.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { promtool } from '../support/prometheus.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'deploy/prometheus');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8')) as {
  groups: { rules: Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(promtool as string, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe.skipIf(promtool === undefined)('promtool', () => {
  it('finds nothing wrong with the rules', () => {
    expect(run('check', 'rules', 'rules.yaml', 'alerts.yaml')).toMatchObject({ status: 0 });
  });

  it('sees each alert fire in the scenario that it is for, and no other one', { timeout: 60_000 }, () => {
    expect(run('test', 'rules', 'alerts.test.yaml')).toMatchObject({ status: 0 });
    const scenarios = readFileSync(join(folder, 'alerts.test.yaml'), 'utf8');
    for (const { alert } of alerts) expect(scenarios).toContain(`alertname="${alert}"`);
  });
});

describe('each alert', () => {
  const headings = readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/^## (\w+)$/gm);
  const anchors = new Set(Array.from(headings, ([, heading = '']) => heading.toLowerCase()));

  it.each(alerts)('$alert says what is wrong and where to read on', ({ annotations }) => {
    const { summary, description, runbook_url = '' } = annotations;
    expect([summary, description]).toEqual([expect.any(String), expect.any(String)]);
    const [file, anchor = ''] = runbook_url.split('#');
    expect(file).toBe('docs/runbook.md');
    expect(anchors).toContain(anchor);
  });
});
