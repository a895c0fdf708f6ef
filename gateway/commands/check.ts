// `check`: says everything that is wrong with a configuration file, and with --online which endpoints fail.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Loaded } from '../../config/load.ts';
import { loadConfig } from '../../config/load.ts';
import type { Problem } from '../../config/problem.ts';
import { codeFrame, formatPath, formatProblem } from '../../config/problem.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, withConfigFile } from './config-file.ts';
import { dial } from './dial.ts';

const ENDPOINT_FAILS = 3;

interface CheckOptions extends ConfigFileOptions {
  online?: true;
}

/** Adds `check` to the program. */
export function addCheck(program: Command): void {
  withConfigFile(program.command('check'))
    .description('validate the configuration file')
    .option('--online', 'also dial every endpoint')
    .option('--json', 'print the problems as JSON')
    .action(async (options: CheckOptions) => {
      process.exitCode = await check(options);
    });
}

async function check({ config: file, json, online }: CheckOptions): Promise<number> {
  const result = loadConfig(file, { env: process.env });
  const problems = result.ok ? [] : result.problems;
  if (result.ok && online) problems.push(...(await dialAll(file, result)));
  const warnings = result.ok ? result.warnings : [];
  if (json) {
    const marked = warnings.map((warning) => ({ ...warning, severity: 'warning' }));
    print(JSON.stringify([...problems, ...marked], null, 2));
  } else {
    printProblems(file, problems, '');
    printProblems(file, warnings, 'warning: ');
    if (problems.length > 0) print(counted(problems.length, 'problem'));
    else print(`${file}: ok, ${countOf(result)}${online ? ', every endpoint answers' : ''}`);
  }
  if (!result.ok) return BAD_CONFIG;
  return problems.length === 0 ? 0 : ENDPOINT_FAILS;
}

async function dialAll(file: string, loaded: Loaded): Promise<Problem[]> {
  const dials = loaded.config.pools.flatMap((pool, poolIndex) =>
    pool.endpoints.map(async (endpoint, index): Promise<Problem[]> => {
      const failure = await dial(pool, endpoint);
      if (failure === undefined) return [];
      const path = ['pools', poolIndex, 'endpoints', index];
      return [{ file, ...loaded.positionOf(path), path: formatPath(path), message: failure }];
    }),
  );
  return (await Promise.all(dials)).flat();
}

function printProblems(file: string, problems: readonly Problem[], kind: string): void {
  const text = problems.length === 0 ? '' : readText(file);
  for (const problem of problems) {
    print(formatProblem({ ...problem, message: kind + problem.message }));
    const frame = codeFrame(text, problem);
    if (frame !== '') print(frame);
  }
}

/** The text only illustrates the problems; a file that cannot be read is itself one of them. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function countOf(result: ReturnType<typeof loadConfig>): string {
  if (!result.ok) return '';
  const { pools, routes } = result.config;
  const { length } = result.warnings;
  const warned = length === 0 ? '' : `, ${counted(length, 'warning')}`;
  return `${counted(pools.length, 'pool')}, ${counted(routes.length, 'route')}${warned}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
