// The table of log events: it is what the documents say, and holds nothing that is never written.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { events } from '../../gateway/telemetry/events.ts';

const root = join(import.meta.dirname, '../..');
const { tool_execution, ...changes } = events;

it('docs/logs.md has the table of events', () => {
  const page = readFileSync(join(root, 'docs/logs.md'), 'utf8');
  const rows = Array.from(
    page.matchAll(/^\| `(\w+)` \| (info|warn|error) \| (.+) \|$/gm),
    ([, ...cells]) => cells,
  );
  expect(rows).toEqual(
    Object.entries(changes).map(([event, { level, sentence }]) => [event, level, sentence]),
  );
  expect(page).toContain(`at level \`${tool_execution.level}\``);
});

it.each(Object.keys(events))('%s is written somewhere', (event) => {
  const sources = globSync('gateway/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('telemetry/events.ts'),
  );
  const word = new RegExp(`['"]${event}['"]`);
  expect(sources.some((file) => word.test(readFileSync(join(root, file), 'utf8')))).toBe(true);
});
