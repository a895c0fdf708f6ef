// `advise`: says what the figures of a running gateway, or of a log, ask to be changed.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Severity } from '../advise/finding.ts';
import type { AdviceReport } from '../advise/report.ts';
import { adminGet, failed, refusalOf } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { adminOrReport, BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';

const FOUND = 3;

interface AdviseOptions extends ConfigFileOptions {
  from?: string;
  patch?: true;
  failOn?: Severity;
}

/** Adds `advise` to the program. */
export function addAdvise(program: Command): void {
  withConfigFile(program.command('advise'))
    .description('the scaling guide from the live figures of a running gateway, or from its log')
    .option('--from <FILE>', 'go by the tool_execution lines of this log instead; - is standard input')
    .option('--patch', 'print the YAML to merge into gateway.yaml')
    .option('--json', 'print JSON')
    .addOption(
      new Option('--fail-on <SEVERITY>', 'exit 3 when a finding is at least this grave').choices([
        'info',
        'warn',
        'error',
      ]),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  mcp-gateway advise --fail-on warn\n  mcp-gateway advise --from events.jsonl --patch',
    )
    .action(async (options: AdviseOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: AdviseOptions): Promise<number> {
  const { json, patch, failOn } = options;
  const report = options.from === undefined ? await live(options) : await offline(options.from, options);
  if (typeof report === 'number') return report;
  const { failsOn, textOf } = await import('../advise/report.ts');
  if (patch) process.stdout.write(report.patch);
  else process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report));
  return failOn !== undefined && failsOn(failOn, report) ? FOUND : 0;
}

/** What the running gateway says, or the exit code. */
async function live({ config: file }: AdviseOptions): Promise<AdviceReport | number> {
  const gateway = adminOrReport(file);
  if (gateway === undefined) return BAD_CONFIG;
  try {
    const answer = await adminGet(gateway, '/admin/advice');
    const { status, body } = answer;
    return status === 200 && isReport(body) ? body : failed(refusalOf(gateway, answer));
  } catch (error) {
    return failed(error);
  }
}

function isReport(body: object): body is AdviceReport {
  return 'findings' in body && 'abstentions' in body && 'applied' in body;
}

/** What a log says; the configuration is taken in where there is one, for rules that need to know what was set. */
async function offline(from: string, { config: file }: AdviseOptions): Promise<AdviceReport | number> {
  const loaded = existsSync(file) ? loadOrReport(file) : undefined;
  if (loaded === undefined && existsSync(file)) return BAD_CONFIG;
  // Loaded here and not above: no other command should pay for the rules.
  const [{ advise }, { snapshotOfLog }, { reportOf }] = await Promise.all([
    import('../advise/advise.ts'),
    import('../advise/read-log.ts'),
    import('../advise/report.ts'),
  ]);
  const input = from === '-' ? process.stdin : createReadStream(from);
  try {
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    return reportOf(advise(await snapshotOfLog(lines, loaded?.config)));
  } catch (error) {
    return failed(`${from} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
