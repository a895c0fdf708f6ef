// `print-config`: shows the effective configuration, defaults filled in and secrets masked.
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { effectiveConfig } from '../../config/effective.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';

/** Adds `print-config` to the program. */
export function addPrintConfig(program: Command): void {
  withConfigFile(program.command('print-config'))
    .description('print the effective configuration, secrets masked')
    .option('--json', 'print JSON instead of YAML')
    .action((options: ConfigFileOptions) => {
      process.exitCode = printConfig(options);
    });
}

function printConfig({ config: file, json }: ConfigFileOptions): number {
  const loaded = loadOrReport(file);
  if (!loaded) return BAD_CONFIG;
  const config = effectiveConfig(loaded.config);
  process.stdout.write(json ? `${JSON.stringify(config, null, 2)}\n` : stringify(config));
  return 0;
}
