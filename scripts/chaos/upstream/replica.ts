// One upstream of the rig: a real process that can be killed, stopped, started again and told to misbehave.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child, Lab } from '../../bench/lab.ts';
import type { FaultMode } from './faulty-server.ts';

const SERVER = join(import.meta.dirname, 'faulty-server.ts');

/** What a replica wrote down: nonces that arrived, in order, and those of them that were answered. */
export interface Journal {
  readonly arrived: readonly string[];
  readonly answered: ReadonlySet<string>;
}

export class Replica {
  readonly port: number;
  readonly #lab: Lab;
  readonly #delayMs: number;
  readonly #journal: string;
  #child: Child | undefined;

  constructor(lab: Lab, port: number, delayMs: number) {
    this.#lab = lab;
    this.port = port;
    this.#delayMs = delayMs;
    this.#journal = lab.file(`journal-${port}`, '');
  }

  /** Starts the process; the journal goes on where it was. */
  async start(): Promise<void> {
    const plan = JSON.stringify({ port: this.port, delayMs: this.#delayMs, journal: this.#journal });
    this.#child = await this.#lab.start('load', [process.execPath, SERVER, plan], this.port);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child !== undefined) process.kill(this.#child.pid, name);
  }

  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    // A stopped process takes no SIGTERM.
    process.kill(this.#child.pid, 'SIGCONT');
    await this.#child.stop();
  }

  async fault(mode: FaultMode): Promise<void> {
    await fetch(`http://127.0.0.1:${this.port}/fault`, { method: 'POST', body: mode });
  }

  journal(): Journal {
    const lines = readFileSync(this.#journal, 'utf8').split('\n');
    const noncesAfter = (sign: string) =>
      lines.flatMap((line) => (line.startsWith(sign) ? [line.slice(2)] : []));
    return { arrived: noncesAfter('+ '), answered: new Set(noncesAfter('- ')) };
  }

  /** Forgets what was written; only between two loads. */
  clear(): void {
    writeFileSync(this.#journal, '');
  }
}

/** Starts `count` replicas whose calls take `delayMs`. */
export async function startReplicas(lab: Lab, count: number, delayMs: number): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (let i = 0; i < count; i++) replicas.push(new Replica(lab, await lab.port(), delayMs));
  await Promise.all(replicas.map((replica) => replica.start()));
  return replicas;
}
