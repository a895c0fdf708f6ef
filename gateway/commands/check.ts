// `check`: says everything that is wrong with a configuration file, and with --online which endpoints fail.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import type { Problem } from '../../config/problem.ts';
import { codeFrame, formatProblem } from '../../config/problem.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, withConfigFile } from './config-file.ts';

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
  if (result.ok && online) {
    // Loaded here and not above: it takes half of the gateway, which no other command should pay for.
    const { dialAll } = await import('./check-online.ts');
    problems.push(...(await dialAll(file, result)));
  }
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
