// Starts the gateway in this process on a configuration of the test's, and proves at the end that nothing was left over.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import type { RunningGateway, RunOptions } from '../../gateway/server/run.ts';
import { run } from '../../gateway/server/run.ts';
import { Logger } from '../../gateway/telemetry/logger.ts';
import { unhurried } from './gateway.ts';

/** A gateway and its file. */
export interface TestGateway extends RunningGateway {
  /** The configuration file. */
  readonly file: string;
  /** URL of the route at `path`. */
  at(path?: string): string;
  /** Writes another configuration, which nobody reads until told; listeners are kept as they are. */
  rewrite(yaml: string): void;
  /** The log so far, a record a line. */
  logs(): Record<string, unknown>[];
  /** Sum of all series of a metric whose labels contain `labels`. */
  metric(name: string, labels?: string): Promise<number>;
}

/** Listeners on free ports, and no wait on the way down. */
const frame = 'listen: { port: 0 }\nadmin: { port: 0 }\n';

/** Starts a gateway; `yaml` says everything but `listen` and `admin`, unless it begins with `listen:`. */
export async function startGateway(yaml: string, options: RunOptions = {}): Promise<TestGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-'));
  const file = join(dir, 'gateway.yaml');
  const log = join(dir, 'log');
  const rewrite = (text: string) => writeFileSync(file, text.startsWith('listen:') ? text : frame + text);
  rewrite(yaml);
  const load = () => loadConfig(file, { env: process.env });
  const loaded = load();
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const logger = new Logger({ level: 'info', format: 'json', to: log });
  const running = await run({ ...loaded, reread: { file, load } }, logger, { vitals: unhurried, ...options });
  return {
    ...running,
    file,
    rewrite,
    at: (path = '/mcp') => running.url + path,
    logs: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async metric(name, labels = '') {
      const text = await (await fetch(`${running.adminUrl}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
      const own = lines.filter((line) => /^[\w:]+(\{|\s)/.exec(line.slice(name.length - 1)) !== null);
      return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    async stop(withinMs) {
      await running.stop(withinMs);
      await logger.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
