// `drain` and `undrain`: take an endpoint of a running gateway out of rotation, and put it back.
import type { Command } from 'commander';
import type { PoolView } from '../server/page/state.ts';
import type { AdminAddress } from './admin-call.ts';
import { adminGet, adminPost, failed, refusalOf } from './admin-call.ts';
import type { ConfigFileOptions } from './config-file.ts';
import { adminOrReport, BAD_CONFIG, withConfigFile } from './config-file.ts';

interface DrainOptions extends ConfigFileOptions {
  pool?: string;
  json?: true;
}

const texts = {
  drain: 'take an endpoint out of rotation: no new sessions and calls, what it holds goes on',
  undrain: 'put a drained endpoint back into rotation',
} as const;

/** Adds `drain` and `undrain` to the program. */
export function addDrain(program: Command): void {
  for (const verb of ['drain', 'undrain'] as const) {
    withConfigFile(program.command(verb))
      .description(texts[verb])
      .argument('<endpoint>', 'URL of the endpoint, as in the configuration')
      .option('--pool <NAME>', 'only in this pool; without it, in every pool that has the endpoint')
      .option('--json', 'print JSON')
      .action(async (endpoint: string, options: DrainOptions) => {
        const gateway = adminOrReport(options.config);
        process.exitCode = gateway === undefined ? BAD_CONFIG : await drain(gateway, verb, endpoint, options);
      });
  }
}

async function drain(
  gateway: AdminAddress,
  verb: 'drain' | 'undrain',
  endpoint: string,
  { pool, json }: DrainOptions,
): Promise<number> {
  try {
    const state = await adminGet(gateway, '/admin/state');
    const names = poolsOf(state.body);
    if (state.status !== 200 || names === undefined) return failed(refusalOf(gateway, state));
    const pools = names.filter((name) => pool === undefined || name === pool);
    if (pools.length === 0) return failed(`The gateway has no pool ${pool}; it has ${names.join(', ')}`);
    const path = (name: string) => `/admin/endpoints/${name}/${encodeURIComponent(endpoint)}/${verb}`;
    const answers = await Promise.all(pools.map((name) => adminPost(gateway, path(name))));
    const done = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    const wrong = answers.find(({ status }) => status !== 200 && status !== 404);
    if (wrong !== undefined) return failed(refusalOf(gateway, wrong));
    if (done.length === 0)
      return failed(`No pool has the endpoint ${endpoint}; ${gateway.file} lists them, and so does the page`);
    if (json) process.stdout.write(`${JSON.stringify(done)}\n`);
    else for (const line of done) process.stdout.write(`${describe(line)}\n`);
    return 0;
  } catch (error) {
    return failed(error);
  }
}

/** The pools of the gateway as it runs: its file may have others by now. */
function poolsOf({ pools }: Record<string, unknown>): string[] | undefined {
  return Array.isArray(pools) ? pools.map(({ name }: PoolView) => name) : undefined;
}

function describe({ pool, endpoint, state, in_flight, streams }: Record<string, unknown>): string {
  return `${pool}: ${endpoint} is ${state}, with ${in_flight} calls and ${streams} streams`;
}
