// `demo`: runs the bundled demo servers and the gateway in front of them.
import type { Command } from 'commander';
import { parseConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { startDemo } from '../../demo/launch.ts';
import type { ConfigSource } from '../server/reload.ts';
import type { RunningGateway } from '../server/run.ts';
import { BAD_CONFIG, configOption, sourceOrReport } from './config-file.ts';
import { serve } from './serve.ts';

const FAILED = 1;

/** What `demo` serves when it is given no file. */
export const builtIn = `
log: { format: pretty }
pools:
  - name: demo
    endpoints: [{ url: http://127.0.0.1:8101/mcp }, { url: http://127.0.0.1:8102/mcp }]
  - name: legacy
    endpoints: [{ url: http://127.0.0.1:8111/mcp }, { url: http://127.0.0.1:8112/mcp }]
routes:
  - { path: /mcp, pools: [demo] }
  - { path: /legacy/mcp, pools: [legacy] }
`;

/** Adds `demo` to the program. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run demo servers and a gateway in front of them; needs no file')
    .addOption(configOption('serve this file instead of the built-in configuration'))
    .action(async ({ config: file }: { config?: string }) => {
      const source = file === undefined ? builtInSource() : sourceOrReport(file);
      if (source === undefined) process.exitCode = BAD_CONFIG;
      else await demo(source);
    });
}

function builtInSource(): ConfigSource {
  const result = parseConfig(builtIn, { file: 'demo', env: process.env, dir: '.' });
  if (!result.ok) throw new Error('the built-in configuration is broken');
  return result;
}

async function demo(source: ConfigSource): Promise<void> {
  let servers: Awaited<ReturnType<typeof startDemo>>;
  try {
    servers = await startDemo();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = FAILED;
    return;
  }
  await serve(source, { started: (running) => greet(source.config, running), also: () => servers.stop() });
}

function greet(config: Config, { url, adminUrl }: RunningGateway): void {
  const paths = config.routes.map((route) => route.path);
  const endpoint = url + (paths[0] ?? '');
  const others = paths.slice(1).map((path) => `             ${url}${path}\n`);
  process.stderr.write(
    `\n  endpoint   ${endpoint}\n${others.join('')}  page       ${adminUrl}/  (also /readyz, /metrics)\n` +
      `  connect    claude mcp add --transport http demo ${endpoint}\n\n`,
  );
}
