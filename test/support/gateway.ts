// A gateway in this process, on free ports, from the configuration that a test writes.
import { parseConfig } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import { run } from '../../gateway/server/run.ts';
import { Logger } from '../../gateway/telemetry/logger.ts';

/** A running gateway. */
export interface TestGateway {
  /** URL of the first route. */
  readonly url: string;
  /** URL without a path. */
  readonly origin: string;
  readonly adminUrl: string;
  /** The value of each series on /metrics, by the text before its value. */
  metrics(): Promise<Map<string, number>>;
  /** Stops it; throws when something is still in flight or open. */
  stop(): Promise<void>;
}

/** Starts a gateway; the listeners take free ports unless the configuration says otherwise. */
export async function startGateway(config: Record<string, unknown>): Promise<TestGateway> {
  const { listen, admin, ...rest } = config;
  const whole = {
    version: 1,
    listen: { port: 0, ...(listen as object) },
    admin: { port: 0, ...(admin as object) },
    drain: { timeout: '1s' },
    ...rest,
  };
  const loaded = parseConfig(JSON.stringify(whole), { file: 'test.yaml', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const logger = new Logger({ level: 'silent', format: 'json' });
  const running = await run(loaded, logger);
  const metrics = async () => {
    const answer = await fetch(`${running.adminUrl}/metrics`);
    return readMetrics(await answer.text());
  };
  return {
    url: running.url + (loaded.config.routes[0]?.path ?? ''),
    origin: running.url,
    adminUrl: running.adminUrl,
    metrics,
    async stop() {
      await idle(metrics);
      await running.stop();
      await logger.close();
    },
  };
}

const countsToZero = /^mcp_gateway_(in_flight|endpoint_in_flight|streams|queue_depth)\b/;

/** Waits until nothing is in flight, queued or streaming, within two seconds. */
async function idle(metrics: () => Promise<Map<string, number>>): Promise<void> {
  const deadline = performance.now() + 2000;
  for (;;) {
    const busy = [...(await metrics())].filter(([name, value]) => countsToZero.test(name) && value !== 0);
    if (busy.length === 0) return;
    if (performance.now() > deadline) throw new Error(`Left over: ${JSON.stringify(busy)}`);
  }
}

function readMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
