// The chaos suite in its short form: cases run from the command line, print one document, and meet their goals.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const main = join(import.meta.dirname, '../../scripts/chaos/main.ts');

interface Document {
  results: { case: string; metric: string; value: number }[];
  goals: { text: string; met: boolean }[];
  failures: string[];
}

async function chaos(...args: string[]): Promise<Document> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--quick', '--json', ...args]);
  return JSON.parse(stdout) as Document;
}

describe('npm run chaos', () => {
  it('gives no client another’s answer, however many hang up and are broken off', async () => {
    const { results, goals, failures } = await chaos('--case', 'cross_client');
    expect(failures).toEqual([]);
    expect(goals.filter(({ met }) => !met)).toEqual([]);
    expect(results.find(({ metric }) => metric === 'foreign')?.value).toBe(0);
    expect(results.find(({ metric }) => metric === 'ok')?.value).toBeGreaterThan(4000);
  }, 60_000);

  it('leaves no file and no timer behind after clients that abandon everything and upstreams that die', async () => {
    const { goals, failures } = await chaos('--case', 'soak', '--minutes', '0.1');
    expect(failures).toEqual([]);
    expect(goals.filter(({ met }) => !met)).toEqual([]);
  }, 60_000);
});
