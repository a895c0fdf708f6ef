// `explain`: the policy that applies to calls of a tool, and the line of the file that each value comes from.
import type { Command } from 'commander';
import { nearest } from '../../config/suggest.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';
import type { Explained } from './explain-policy.ts';

const UNKNOWN_TOOL = 3;

interface ExplainOptions extends ConfigFileOptions {
  client?: string;
}

/** Adds `explain` to the program. */
export function addExplain(program: Command): void {
  withConfigFile(program.command('explain'))
    .description('show the policy that applies to calls of a tool, and the line of the file of each value')
    .argument('<tool>', "the upstream's own name of the tool")
    .option('--client <id>', 'a client of the file; else one that it does not name')
    .option('--json', 'print JSON')
    .action(async (tool: string, options: ExplainOptions) => {
      process.exitCode = await explain(tool, options);
    });
}

async function explain(tool: string, { config: file, client, json }: ExplainOptions): Promise<number> {
  const loaded = loadOrReport(file);
  if (loaded === undefined) return BAD_CONFIG;
  const { config } = loaded;
  if (client !== undefined && !config.clients.some(({ id }) => id === client)) {
    process.stderr.write(`${file} names no client ${client}: its limits are those of any caller\n`);
  }
  // Loaded here and not above: they take half of the gateway, which no other command should pay for.
  const [{ askForTools }, { explainPolicy }] = await Promise.all([
    import('./explain-tools.ts'),
    import('./explain-policy.ts'),
  ]);
  const listed = await askForTools(config);
  const pools = [...listed].filter(([, tools]) => tools === undefined || tools.has(tool));
  if (pools.length === 0) {
    const near = nearest(
      tool,
      [...listed.values()].flatMap((tools) => [...(tools?.keys() ?? [])]),
    );
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    process.stderr.write(`No pool lists a tool ${tool}${hint}\n`);
    return UNKNOWN_TOOL;
  }
  const explained = pools.map(([pool, tools]) => ({
    pool,
    listed: tools !== undefined,
    policy: explainPolicy(config, loaded, { tool, pool, client, readOnly: tools?.get(tool) }),
  }));
  if (json)
    process.stdout.write(`${JSON.stringify({ tool, client: client ?? null, pools: explained }, null, 2)}\n`);
  else process.stdout.write(explained.map((one) => asText(file, tool, one)).join('\n'));
  return 0;
}

function asText(
  file: string,
  tool: string,
  { pool, listed, policy }: { pool: string; listed: boolean; policy: readonly Explained[] },
): string {
  const title = listed ? `${tool} in pool ${pool}` : `${tool} in pool ${pool}, which does not answer`;
  const cells = policy.map(({ name, text, path, line }) => [
    name,
    text,
    line === undefined ? `default of ${path}` : `${file}:${line} ${path}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map(([name = '', text = '', source = '']) =>
    `  ${name.padEnd(widths[0] ?? 0)}  ${text.padEnd(widths[1] ?? 0)}  ${source}`.trimEnd(),
  );
  return `${title}\n${lines.join('\n')}\n`;
}
