// Runs the bench for a moment and holds it to the form of its document; its figures are not judged here.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FiguresDocument, Row } from './figures-document.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'scripts', 'bench', 'main.ts');
const LIMIT_MS = 60_000;

/** CPU time is read from /proc. */
const onLinux = process.platform === 'linux';

const RatedRow = Row.extend({ ratio: z.number().positive().optional() });
const Document = FiguresDocument.extend({ results: z.array(RatedRow) });

async function bench(...args: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { timeout: LIMIT_MS });
  return stdout;
}

describe.runIf(onLinux)('the bench', () => {
  it(
    'prints one document with the figures of each subject and their ratios',
    async () => {
      const stdout = await bench(
        ...['--case', 'pass_through', '--subject', 'direct', '--subject', 'node_floor', '--json'],
        ...['--concurrency', '4', '--rounds', '1', '--seconds', '1', '--warmup', '0'],
      );
      const { machine, versions, results } = Document.parse(JSON.parse(stdout));

      expect(machine).toHaveProperty('placement');
      expect(versions).toHaveProperty('node', process.versions.node);
      expect(new Set(results.map((row) => row.case))).toEqual(new Set(['pass_through']));
      const floor = results.filter((row) => row.subject === 'node_floor');
      expect(new Set(floor.map((row) => row.metric))).toEqual(
        new Set(['requests_per_second', 'p50_us', 'p99_us', 'cpu_us_per_request', 'rss_bytes']),
      );
      expect(floor.find((row) => row.metric === 'requests_per_second')).toMatchObject({
        concurrency: 4,
        unit: '1/s',
        ratio_to: 'direct',
      });
      expect(floor.every((row) => row.value > 0)).toBe(true);
    },
    LIMIT_MS,
  );

  it('names its cases when it is asked for one that it does not have', async () => {
    await expect(bench('--case', 'no_such_case')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pass_through') as string,
    });
  });
});
