// A real Redis server for tests: on a free port, without disk, and with the ways in which servers go away.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findProgram } from '../../scripts/system-packages.ts';
import { freePort } from './free-port.ts';

const program = findProgram(['redis-server']);

/** Whether this machine has a Redis to test with; tests that need it are skipped without. */
export const hasRedis = program !== undefined;

/** A server that the test owns. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #options: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#options = options;
  }

  /** Starts a server; `options` are further arguments, such as `--maxmemory 1mb`. */
  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.start();
    return server;
  }

  /** Starts it again, empty, on the same port. */
  async start(): Promise<void> {
    const address = ['--port', String(this.port), '--bind', '127.0.0.1'];
    const child = spawn(
      program as string,
      [...address, '--save', '', '--appendonly', 'no', ...this.#options],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#process = child;
    for await (const line of createInterface(child.stdout)) {
      if (line.includes('Ready to accept connections')) break;
    }
    child.stdout.resume();
  }

  /** Hangs it: connections stay, nothing is answered. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
