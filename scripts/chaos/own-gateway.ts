// The gateway by itself, for cases about its own process: its file can be written again, and it can be sent signals.
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Lab, Server } from '../bench/lab.ts';
import type { Memory } from './memory-probe.ts';

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
  /** Has `memory` work. */
  readonly probed?: boolean;
}

const MEMORY_PROBE = join(import.meta.dirname, 'memory-probe.ts');
const PROBE_TIMEOUT_MS = 30_000;

export class OwnGateway {
  readonly port: number;
  readonly adminPort: number;
  readonly child: Server;
  readonly #file: string;
  #rounds = 0;

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
    const probe = `${pathToFileURL(MEMORY_PROBE)}?file=${memoryFileOf(file)}`;
    const node = [process.execPath, ...(wishes.probed === true ? ['--expose-gc', `--import=${probe}`] : [])];
    const child = await lab.start('proxy', [...node, MAIN, 'serve', '-c', file], port);
    return new OwnGateway(port, adminPort, child, file);
  }

  signal(name: 'SIGTERM' | 'SIGHUP' | 'SIGKILL'): void {
    process.kill(this.child.pid, name);
  }

  /** What memory it has once its garbage is collected; needs `probed`. */
  async memory(): Promise<Memory> {
    const file = memoryFileOf(this.#file);
    const lastMoment = performance.now() + PROBE_TIMEOUT_MS;
    this.#rounds++;
    process.kill(this.child.pid, 'SIGUSR2');
    while (performance.now() < lastMoment) {
      await pause(POLL_MS);
      const said = existsSync(file) ? readFileSync(file, 'utf8') : '';
      const memory = said.endsWith('}') ? (JSON.parse(said) as Memory) : undefined;
      if (memory?.round === this.#rounds) return memory;
    }
    throw new Error('the gateway does not say how much memory it has');
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

  /**
   * Begins to poll `/readyz` from a thread of its own; resolves when it does. The promise inside is for the instant at
   * which it said 503, in ms of this process's monotonic clock, and undefined when the gateway goes without saying so.
   */
  async watchReadiness(): Promise<{ notReadyAt: Promise<number | undefined> }> {
    const worker = new Worker(join(import.meta.dirname, 'readiness-worker.ts'), {
      workerData: this.adminPort,
    });
    const notReadyAt = new Promise<number | undefined>((resolve) => {
      worker.on('message', (said) => {
        if (typeof said === 'number') resolve(said - performance.timeOrigin);
      });
      worker.once('exit', () => resolve(undefined));
    });
    await once(worker, 'message');
    return { notReadyAt };
  }
}

function memoryFileOf(file: string): string {
  return `${file}.memory.json`;
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
