// Starts servers with sessions that can be killed and started again on their ports.
import { join } from 'node:path';
import type { Lab, Server } from '../../bench/lab.ts';

const SERVER = join(import.meta.dirname, 'session-server.ts');

export class SessionServer {
  readonly port: number;
  readonly #lab: Lab;
  readonly #plan: string;
  #child: Server | undefined;

  constructor(lab: Lab, port: number, delayMs: number, faultShare: number) {
    this.port = port;
    this.#lab = lab;
    this.#plan = JSON.stringify({ port, delayMs, faultShare });
  }

  async start(): Promise<void> {
    this.#child = await this.#lab.start('load', [process.execPath, SERVER, this.#plan], this.port);
  }

  /** Kills it; what it knew is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    process.kill(child.pid, 'SIGKILL');
    await child.exited;
    await child.stop();
  }
}

/** Starts `count` of them; calls take about `delayMs`, and `faultShare` of them break. */
export async function startSessionServers(
  lab: Lab,
  count: number,
  delayMs: number,
  faultShare = 0,
): Promise<SessionServer[]> {
  const servers: SessionServer[] = [];
  for (let i = 0; i < count; i++) servers.push(new SessionServer(lab, await lab.port(), delayMs, faultShare));
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}
