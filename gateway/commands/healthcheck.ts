// `healthcheck`: asks a running gateway whether it is ready; for a container's HEALTHCHECK.
import type { Command } from 'commander';
import { sections } from '../../config/schema.ts';
import type { AdminAddress } from './admin-call.ts';
import { adminGet, failed } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { adminOrReport, withConfigFile } from './config-file.ts';

const TIMEOUT_MS = 2000;
const NOT_READY = 1;

/** Adds `healthcheck` to the program. */
export function addHealthcheck(program: Command): void {
  withConfigFile(program.command('healthcheck'))
    .description('exit 0 when the gateway of this configuration is ready, else 1')
    .action(async ({ config: file }: ConfigFileOptions) => {
      // A gateway whose file is being edited serves on, and is not to be restarted into the mistake.
      const usual = sections.shape.admin.parse(undefined);
      process.exitCode = await ready(adminOrReport(file) ?? { admin: usual, file });
    });
}

async function ready(gateway: AdminAddress): Promise<number> {
  try {
    const { status, text } = await adminGet(gateway, '/readyz', TIMEOUT_MS);
    process.stdout.write(text);
    return status === 200 ? 0 : NOT_READY;
  } catch (error) {
    return failed(error);
  }
}
