// How a check is run and judged.
import { describe, expect, it } from 'vitest';
import { runCheck } from '../../scripts/checks.ts';

const run = (...command: [string, ...string[]]) => runCheck({ name: 'a check', command });

describe('a check', () => {
  it('is passed when its program ends with 0', async () => {
    expect(await run(process.execPath, '-e', '')).toMatchObject({ name: 'a check', ok: true, output: '' });
  });

  it('is failed, with what the program printed, when it ends with anything else', async () => {
    const code = "console.log('out'); console.error('err'); process.exitCode = 3";
    const result = await run(process.execPath, '-e', code);
    expect(result.ok).toBe(false);
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('is failed when the program is not there', async () => {
    expect(await run('no-such-program')).toMatchObject({
      ok: false,
      output: expect.stringContaining('ENOENT'),
    });
  });
});
