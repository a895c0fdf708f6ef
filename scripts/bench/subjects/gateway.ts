// The gateway of this checkout, as a user starts it, with the limits that would refuse a bench raised.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, valueAt } from '../../../config/paths.ts';
import { findUnsupported } from '../../../config/unsupported.ts';
import type { Lab } from '../lab.ts';
import type { RunningSubject, Subject, SubjectPlan } from '../subject.ts';
import { say } from '../tools.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'gateway', 'main.ts');

/** `gateway`: one pool, one unprefixed route, the log at its default level and thrown away. */
export const gateway: Subject = {
  name: 'gateway',
  start: (lab, plan) => startGateway(lab, (port, adminPort) => gatewayConfig(plan, port, adminPort)),
};

/** Starts `serve` of `main` with the configuration that `configure` returns. */
export async function startGateway(
  lab: Lab,
  configure: (port: number, adminPort: number) => object,
  main = MAIN,
): Promise<RunningSubject | undefined> {
  if (!existsSync(main)) {
    say(`!! ${main} is not there: the gateway is skipped`);
    return undefined;
  }
  const port = await lab.port();
  // JSON is YAML, and needs no library to write.
  const config = configure(port, await lab.port());
  leaveOutUnsupported(config);
  const path = lab.file(`gateway-${port}.yaml`, JSON.stringify(config, null, 2));
  return { port, ...(await lab.start('proxy', [process.execPath, main, 'serve', '-c', path], port)) };
}

/** The configuration of a plain pass-through, without limits that would refuse the load. */
export function gatewayConfig(plan: SubjectPlan, port: number, adminPort: number): object {
  return {
    version: 1,
    listen: { host: '127.0.0.1', port, public_url: `http://127.0.0.1:${port}` },
    admin: { host: '127.0.0.1', port: adminPort },
    limits: {
      concurrency: 10_000,
      queue: { size: 10_000, timeout: '30s' },
      sessions: 10_000,
      streams_per_client: 10_000,
    },
    pools: [
      {
        name: 'bench',
        endpoints: plan.upstreamPorts.map((upstream) => ({ url: `http://127.0.0.1:${upstream}/mcp` })),
        era: plan.era,
        balance: plan.balance ?? 'least_connections',
        connections: 512,
      },
    ],
    routes: [{ path: '/mcp', pools: ['bench'], prefix: 'never' }],
  };
}

/** A limit that this version does not have need not be raised, and asking for it is an error. */
function leaveOutUnsupported(config: object): void {
  for (const { path } of findUnsupported(config)) {
    const parent = valueAt(config, path.slice(0, -1));
    if (isMap(parent)) Reflect.deleteProperty(parent, path.at(-1) ?? '');
  }
}
