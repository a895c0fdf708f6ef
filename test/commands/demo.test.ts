// `demo`: which configuration it serves.
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import { builtIn } from '../../gateway/commands/demo.ts';
import { runCommand } from './run-command.ts';

it('heeds MCP_GATEWAY_CONFIG as every command does', async () => {
  const env = { MCP_GATEWAY_CONFIG: 'none.yaml' };
  expect(await runCommand(['demo'], { cwd: tmpdir(), env })).toMatchObject({
    code: 2,
    stderr: 'none.yaml:1:1 file: cannot be read: ENOENT\n',
  });
});

it('has a good configuration of its own, whose routes pass their pool through untouched', () => {
  const result = parseConfig(builtIn, { file: 'demo', env: {}, dir: '.' });
  expect(result).toMatchObject({ ok: true, warnings: [] });
  expect(result.ok && result.config.routes.map(({ prefix }) => prefix)).toEqual(['never', 'never']);
});
