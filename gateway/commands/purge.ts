// `purge`: drops cached results of a running gateway, and through Redis those of its whole fleet.
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { adminPost } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';

const FAILED = 1;

interface PurgeOptions extends ConfigFileOptions {
  all?: true;
  tag?: string;
  pool?: string;
  tool?: string;
  arguments?: string;
  json?: true;
}

/** Adds `purge` to the program. */
export function addPurge(program: Command): void {
  withConfigFile(program.command('purge'))
    .description('drop cached results of a running gateway')
    .option('--all', 'everything')
    .option('--tag <NAME>', 'what carries this tag')
    .option('--pool <NAME>', 'everything of a pool, or with --tool that tool of it')
    .option('--tool <NAME>', 'the results of a tool')
    .option('--arguments <JSON>', "with --tool: the results of one call, whoever's they are")
    .option('--json', 'print JSON')
    .action(async ({ config: file, json, ...what }: PurgeOptions) => {
      const loaded = loadOrReport(file);
      if (loaded === undefined) process.exitCode = BAD_CONFIG;
      else process.exitCode = await purge(loaded.config, what, json === true);
    });
}

async function purge(config: Config, what: object, json: boolean): Promise<number> {
  try {
    const { status, body } = await adminPost(config, '/admin/purge', what);
    if (status !== 200) return failed(String(body['error'] ?? `status ${status}`));
    const names = Array.isArray(body['purged']) ? body['purged'] : [];
    process.stdout.write(json ? `${JSON.stringify(body)}\n` : `Purged ${names.join(', ')}\n`);
    return 0;
  } catch (error) {
    return failed(`The gateway does not answer: ${error instanceof Error ? error.message : error}`);
  }
}

function failed(message: string): number {
  process.stderr.write(`${message}\n`);
  return FAILED;
}
