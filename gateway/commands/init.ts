// `init`: writes a commented configuration file to start from, or one made of a client's server list.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readClientServers } from '../../config/client-servers.ts';
import type { Starter } from '../../config/starter.ts';
import { exampleStarter, starterFrom } from '../../config/starter.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, withConfigFile } from './config-file.ts';

interface InitOptions extends ConfigFileOptions {
  from?: string;
  force?: true;
}

/** Adds `init` to the program. */
export function addInit(program: Command): void {
  withConfigFile(program.command('init'))
    .description('write a commented configuration file')
    .option('--from <FILE>', "turn a client's server list (mcp.json) into pools")
    .option('--force', 'overwrite the file')
    .action((options: InitOptions) => {
      process.exitCode = init(options);
    });
}

function init({ config: file, from, force }: InitOptions): number {
  try {
    const starter = from === undefined ? exampleStarter() : convert(from);
    writeFileSync(file, starter.text, { flag: force ? 'w' : 'wx' });
    report(file, starter);
    return 0;
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = exists ? `${file} exists; --force overwrites it` : messageOf(error);
    process.stderr.write(`${reason}\n`);
    return BAD_CONFIG;
  }
}

function convert(from: string): Starter {
  const text = readFileSync(from, 'utf8');
  try {
    const list = readClientServers(text);
    for (const { name, reason } of list.skipped) process.stderr.write(`left out ${name}: ${reason}\n`);
    if (list.servers.length === 0) throw new Error('lists no server that the gateway can stand in front of');
    return starterFrom(list);
  } catch (error) {
    throw new Error(`${from} ${messageOf(error)}`);
  }
}

function report(file: string, { variables }: Starter): void {
  process.stdout.write(`wrote ${file}\n`);
  if (variables.length > 0) process.stdout.write(`set before starting: ${variables.join(', ')}\n`);
  process.stdout.write(`next: mcp-gateway check -c ${file}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
