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

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child !== undefined) process.kill(this.#child.pid, name);
  }

  /**
   * Kills the process with SIGKILL and returns how long it took to die, in ms. Whatever else runs in this process stands
   * still until then: on a busy core the threads of a killed process take some 10 ms to end, and so long its sockets
   * accept what nobody will ever read, so that no proxy can know of its end.
   */
  kill(): number {
    if (this.#child === undefined) return 0;
    const signalledAt = performance.now();
    process.kill(this.#child.pid, 'SIGKILL');
    while (!isDead(this.#child.pid)) Atomics.wait(asleep, 0, 0, 0.2);
    return performance.now() - signalledAt;
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

const asleep = new Int32Array(new SharedArrayBuffer(4));

/** True once its last thread is gone, and its sockets are closed: see proc_pid_stat(5). Where there is no /proc, at once. */
function isDead(pid: number): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state, threads] = [fields[0], fields[17]];
    return state === 'X' || (state === 'Z' && threads === '1');
  } catch {
    return true;
  }
}

/** Starts `count` replicas whose calls take `delayMs`. */
export async function startReplicas(lab: Lab, count: number, delayMs: number): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (let i = 0; i < count; i++) replicas.push(new Replica(lab, await lab.port(), delayMs));
  await Promise.all(replicas.map((replica) => replica.start()));
  return replicas;
}
