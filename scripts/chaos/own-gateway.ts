// The gateway by itself, for cases about its own process: its file can be written again, and it can be sent signals.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab, Server } from '../bench/lab.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'gateway', 'main.ts');
const POLL_MS = 10;

/** What a case wants of the configuration besides the listeners. */
export interface Wishes {
  /** Ports of the upstreams. */
  readonly ports: readonly number[];
  /** Keys of the pool. */
  readonly pool?: object;
  /** Sections of the file. */
  readonly sections?: object;
  /** Has `collect` work. */
  readonly collectable?: boolean;
}

/** Lets SIGUSR2 collect garbage, so that memory is measured and not the collector's mood. */
const COLLECTABLE = ['--expose-gc', `--import=data:text/javascript,process.on('SIGUSR2',()=>gc())`];

export class OwnGateway {
  readonly port: number;
  readonly adminPort: number;
  readonly child: Server;
  readonly #file: string;

  constructor(port: number, adminPort: number, child: Server, file: string) {
    this.port = port;
    this.adminPort = adminPort;
    this.child = child;
    this.#file = file;
  }

  /** Starts `mcp-gateway serve` and waits until it listens. */
  static async start(lab: Lab, wishes: Wishes): Promise<OwnGateway> {
    const [port, adminPort] = [await lab.port(), await lab.port()];
    const file = lab.file(`own-${port}.yaml`, configText(port, adminPort, wishes));
    const node = [process.execPath, ...(wishes.collectable === true ? COLLECTABLE : [])];
    const child = await lab.start('proxy', [...node, MAIN, 'serve', '-c', file], port);
    return new OwnGateway(port, adminPort, child, file);
  }

  signal(name: 'SIGTERM' | 'SIGHUP' | 'SIGKILL'): void {
    process.kill(this.child.pid, name);
  }

  /** Has it collect its garbage; needs `collectable`. */
  async collect(): Promise<void> {
    process.kill(this.child.pid, 'SIGUSR2');
    // It answers when it is done.
    await (await this.admin('/livez')).text();
  }

  /** Writes another configuration, or a text that is none. */
  rewrite(wishes: Wishes | string): void {
    const text = typeof wishes === 'string' ? wishes : configText(this.port, this.adminPort, wishes);
    writeFileSync(this.#file, text);
  }

  admin(path: string, method: 'GET' | 'POST' = 'GET'): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.adminPort}${path}`, { method });
  }

  /** Sum of the series of a metric whose labels contain `labels`. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await this.admin('/metrics')).text();
    const own = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    const wanted = own.filter((line) => line.includes(labels));
    return wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Polls `/readyz` until it says 503; the instant, or undefined after `withinMs`. */
  async notReadyAt(withinMs: number): Promise<number | undefined> {
    const lastMoment = performance.now() + withinMs;
    while (performance.now() < lastMoment) {
      const { status } = await this.admin('/readyz');
      if (status === 503) return performance.now();
      await pause(POLL_MS);
    }
    return undefined;
  }
}

function configText(port: number, adminPort: number, { ports, pool, sections }: Wishes): string {
  const config = {
    version: 1,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    limits: { concurrency: 10_000 },
    ...sections,
    pools: [
      {
        name: 'rig',
        endpoints: ports.map((upstream) => ({ url: `http://127.0.0.1:${upstream}/mcp` })),
        connections: 512,
        tools: [{ match: 'read_*', retry: 'safe' }],
        ...pool,
      },
    ],
  };
  return JSON.stringify(config, null, 2);
}
