// The options that every command with a configuration file takes, and the reading of that file.
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Loaded, NotLoaded } from '../../config/load.ts';
import { loadConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import type { ConfigSource } from '../server/reload.ts';
import type { AdminAddress } from './admin-call.ts';

/** The exit code of bad usage or a bad configuration. */
export const BAD_CONFIG = 2;

export interface ConfigFileOptions {
  config: string;
  json?: true;
}

/** Adds `-c, --config FILE` to a command. */
export function withConfigFile(command: Command): Command {
  return command.addOption(configOption('configuration file').default('gateway.yaml'));
}

/** The option `-c, --config FILE`, which the environment may give too. */
export function configOption(description: string): Option {
  return new Option('-c, --config <FILE>', description).env('MCP_GATEWAY_CONFIG');
}

/**
 * Loads a configuration file, or writes its problems to standard error and returns nothing. Certificates that cannot be
 * used, as by who may not read the key of the service, are in its way only where it is `served`.
 */
export function loadOrReport(file: string, { served = false } = {}): Loaded | undefined {
  const result = loadConfig(file, { env: process.env, unfitCertificates: served ? 'refused' : 'told' });
  return result.ok ? result : report(result);
}

function report({ problems }: NotLoaded): undefined {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
}

/** Where the gateway of a file is asked, whatever is wrong elsewhere in the file, or reports as `loadOrReport` does. */
export function adminOrReport(file: string): AdminAddress | undefined {
  const result = loadConfig(file, { env: process.env });
  if (result.ok) return { admin: result.config.admin, file };
  return result.admin === undefined ? report(result) : { admin: result.admin, file };
}

/** Loads a configuration file that the gateway may read again while it runs, or reports as `loadOrReport` does. */
export function sourceOrReport(file: string): ConfigSource | undefined {
  const loaded = loadOrReport(file, { served: true });
  if (loaded === undefined) return undefined;
  const load = () => loadConfig(file, { env: process.env, again: true });
  const { config, files, warnings } = loaded;
  return { config, files, warnings, reread: { file, load } };
}
