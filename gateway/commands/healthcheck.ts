// `healthcheck`: asks a running gateway whether it is ready; for a container's HEALTHCHECK.
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { adminBase } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { loadOrReport, withConfigFile } from './config-file.ts';

const TIMEOUT_MS = 2000;
const NOT_READY = 1;

/** Adds `healthcheck` to the program. */
export function addHealthcheck(program: Command): void {
  withConfigFile(program.command('healthcheck'))
    .description('exit 0 when the gateway of this configuration is ready, else 1')
    .action(async ({ config: file }: ConfigFileOptions) => {
      const loaded = loadOrReport(file);
      process.exitCode = loaded !== undefined && (await ready(loaded.config.admin)) ? 0 : NOT_READY;
    });
}

async function ready(admin: Config['admin']): Promise<boolean> {
  try {
    const answer = await fetch(`${adminBase(admin)}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    process.stdout.write(await answer.text());
    return answer.ok;
  } catch (error) {
    process.stderr.write(`The gateway does not answer: ${error instanceof Error ? error.message : error}\n`);
    return false;
  }
}
