// `connect CLIENT`: prints what connects an MCP client to the gateway.
import type { Command } from 'commander';
import {
  type ClientName,
  clientNames,
  clientSnippets,
  connectionName,
  isClientName,
  type Snippet,
} from '../../config/client-snippets.ts';
import { publicBase } from '../../config/public-url.ts';
import type { Config } from '../../config/schema.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';

interface ConnectOptions extends ConfigFileOptions {
  route?: string;
  name?: string;
}

const goodName = /^[A-Za-z0-9_-]{1,64}$/;

/** Adds `connect` to the program. */
export function addConnect(program: Command): void {
  withConfigFile(program.command('connect'))
    .description('print what connects a client to the gateway')
    .argument('<client>', clientNames.join(', '))
    .option('--route <PATH>', 'connect to this route; without it, to the first one')
    .option('--name <NAME>', 'what the client is to call the gateway')
    .option('--json', 'print JSON')
    .action((client: string, options: ConnectOptions) => {
      process.exitCode = connect(client, options);
    });
}

function connect(client: string, { config: file, route, name, json }: ConnectOptions): number {
  if (!isClientName(client))
    return badUsage(`There is no client ${client}; there is ${clientNames.join(', ')}`);
  const loaded = loadOrReport(file);
  if (loaded === undefined) return BAD_CONFIG;
  const { config } = loaded;
  const paths = config.routes.map(({ path }) => path);
  const path = route ?? paths[0] ?? '';
  if (!paths.includes(path)) return badUsage(`There is no route ${path}; there is ${paths.join(', ')}`);
  if (name !== undefined && !goodName.test(name)) return badUsage('A name is of letters, digits, - and _');
  const snippets = snippetsFor(client, config, path, name);
  if (json) process.stdout.write(`${JSON.stringify(snippets, null, 2)}\n`);
  else print(snippets);
  return 0;
}

/** The first way goes to standard output as it is, ready for a file or a shell; what there is to say about it does not. */
function print([first, ...others]: readonly Snippet[]): void {
  if (first === undefined) return;
  process.stderr.write(`# ${first.title}\n`);
  process.stdout.write(`${first.text}\n`);
  if (first.note !== undefined) process.stderr.write(`# ${first.note}\n`);
  for (const { title, text } of others) process.stderr.write(`# ${title}\n${text}\n`);
}

function snippetsFor(client: ClientName, config: Config, path: string, name: string | undefined): Snippet[] {
  return clientSnippets(client, {
    url: publicBase(config) + path,
    name: name ?? connectionName(path),
    needsKey: config.auth.mode === 'required',
  });
}

function badUsage(message: string): number {
  process.stderr.write(`${message}\n`);
  return BAD_CONFIG;
}
