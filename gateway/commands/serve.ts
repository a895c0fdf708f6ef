// `serve`: runs the gateway until it is told to stop.
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import type { Running } from '../server/run.ts';
import { run } from '../server/run.ts';
import { Logger } from '../telemetry/logger.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';

const FAILED = 1;

/** Adds `serve` to the program. */
export function addServe(program: Command): void {
  withConfigFile(program.command('serve', { isDefault: true }))
    .description('run the gateway')
    .action(async ({ config: file }: ConfigFileOptions) => {
      const loaded = loadOrReport(file);
      if (loaded === undefined) process.exitCode = BAD_CONFIG;
      else await serve(loaded.config);
    });
}

/** Runs until SIGTERM or SIGINT, then drains; a second signal stops at once. `also` is stopped after the gateway. */
export async function serve(
  config: Config,
  { started, also }: { started?: (running: Running) => void; also?: () => Promise<void> } = {},
): Promise<void> {
  const logger = new Logger(config.log);
  let running: Running;
  try {
    running = await run(config, logger);
  } catch (error) {
    process.stderr.write(`The gateway could not start: ${error instanceof Error ? error.message : error}\n`);
    await also?.();
    process.exitCode = FAILED;
    return;
  }
  started?.(running);
  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(FAILED);
    stopping = true;
    await running.stop();
    await also?.();
    await logger.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop().catch(() => process.exit(FAILED));
    });
  }
}
