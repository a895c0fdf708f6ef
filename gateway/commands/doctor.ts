// `doctor`: looks at everything that a gateway of this configuration depends on; none needs to be running.
import type { Command } from 'commander';
import type { ConfigFileOptions } from './config-file.ts';
import { BAD_CONFIG, loadOrReport, withConfigFile } from './config-file.ts';
import type { Diagnosis } from './doctor/diagnosis.ts';
import { ok } from './doctor/diagnosis.ts';

const UNWELL = 3;

/** Adds `doctor` to the program. */
export function addDoctor(program: Command): void {
  withConfigFile(program.command('doctor'))
    .description(
      'check Node.js, Redis, names, certificates and every upstream; exit 3 when something is broken',
    )
    .option('--json', 'print JSON')
    .action(async (options: ConfigFileOptions) => {
      process.exitCode = await doctor(options);
    });
}

async function doctor({ config: file, json }: ConfigFileOptions): Promise<number> {
  const loaded = loadOrReport(file);
  if (loaded === undefined) return BAD_CONFIG;
  const { config } = loaded;
  // Loaded here and not above: they take half of the gateway, which no other command should pay for.
  const [{ endpoints }, { certificates, node, redis }] = await Promise.all([
    import('./doctor/endpoints.ts'),
    import('./doctor/machine.ts'),
  ]);
  const [shared, ...pools] = await Promise.all([
    redis(config),
    ...config.pools.map((pool) => endpoints(pool, config)),
  ]);
  const diagnoses = [node(), ok('config', file), ...certificates(loaded, file), ...shared, ...pools.flat()];
  process.stdout.write(json ? `${JSON.stringify(diagnoses, null, 2)}\n` : textOf(diagnoses));
  return diagnoses.some(({ status }) => status === 'fail') ? UNWELL : 0;
}

const marks = { ok: '√', warn: '‼', fail: '×' } as const;

function textOf(diagnoses: readonly Diagnosis[]): string {
  const lines = diagnoses.flatMap(({ subject, status, detail, hint }) => [
    `${marks[status]} ${subject}: ${detail}`,
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]);
  const count = (status: Diagnosis['status']) => diagnoses.filter((one) => one.status === status).length;
  return `${[...lines, '', `${count('ok')} well, ${count('warn')} to look at, ${count('fail')} broken`].join('\n')}\n`;
}
