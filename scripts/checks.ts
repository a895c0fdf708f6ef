// What `npm run check` and `npm test` hold the sources to before any test runs: types, lint, generated files.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node.js';

/** One check and how it is run: a program of node_modules/.bin (or Node itself) with its arguments. */
export interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** How a check ended; `output` is what it printed, stdout and stderr in the order of arrival. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly durationMs: number;
}

const typedFolders = ['gateway', 'config', 'demo', 'scripts', 'test'].filter((dir) =>
  existsSync(join(root, dir)),
);

/** The checks, in the order they are reported. */
export const checks: readonly Check[] = [
  { name: 'types (tsc)', command: ['tsc', '--noEmit'] },
  // Scripts of the page see a browser and not Node.
  { name: 'types of the page (tsc)', command: ['tsc', '--noEmit', '-p', 'gateway/server/page/assets'] },
  { name: 'format and lint (biome)', command: ['biome', 'check', '--error-on-warnings', '.'] },
  // Biome's own type inference does not see Node's modules, so it misses a floating `readFile()` and an async
  // listener of an EventEmitter; oxlint asks the TypeScript compiler.
  { name: 'promises (oxlint)', command: ['oxlint', '--type-aware', '--deny-warnings', ...typedFolders] },
  { name: 'generated files', command: [process.execPath, 'config/generate.ts', '--check'] },
  {
    name: 'generated dashboards and pages',
    command: [process.execPath, 'scripts/signals/generate.ts', '--check'],
  },
];

/** Runs one check to its end; a program that cannot be started is a failed check, not an exception. */
export function runCheck(check: Check): Promise<CheckResult> {
  const started = performance.now();
  const [command, ...args] = check.command;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    const end = (ok: boolean): void =>
      resolve({ name: check.name, ok, output, durationMs: performance.now() - started });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      output += error.message;
      end(false);
    });
    child.on('close', (code) => end(code === 0));
  });
}

/** Runs every check even when one fails, and prints a line for each as it ends: what failed, with its output. */
export async function runChecks(): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await runCheck(check);
    results.push(result);
    const line = `${result.ok ? 'ok  ' : 'FAIL'} ${result.name} (${(result.durationMs / 1000).toFixed(1)} s)`;
    console.log(result.ok ? line : `${line}\n${result.output.trimEnd()}\n`);
  }
  return results;
}
