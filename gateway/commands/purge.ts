// `purge`: drops cached results of a running gateway, and through Redis those of its whole fleet.
import type { Command } from 'commander';
import type { AdminAddress } from './admin-call.ts';
import { adminPost, failed, refusalOf } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { adminOrReport, BAD_CONFIG, withConfigFile } from './config-file.ts';

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
      const gateway = adminOrReport(file);
      process.exitCode = gateway === undefined ? BAD_CONFIG : await purge(gateway, what, json === true);
    });
}

async function purge(gateway: AdminAddress, what: object, json: boolean): Promise<number> {
  try {
    const answer = await adminPost(gateway, '/admin/purge', what);
    if (answer.status !== 200) return failed(refusalOf(gateway, answer));
    const { body } = answer;
    const names = Array.isArray(body['purged']) ? body['purged'] : [];
    process.stdout.write(json ? `${JSON.stringify(body)}\n` : `Purged ${names.join(', ')}\n`);
    return 0;
  } catch (error) {
    return failed(error);
  }
}
