// The place a case runs in: a temp folder, free ports, and child processes that all end with it.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Placement, Role } from './placement.ts';

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 3_000;
const KEPT_STDERR_CHARS = 2_000;

/** A started process, and why it ended if it did. */
export interface Child {
  pid: number;
  stop(): Promise<void>;
}

/** A child that has been seen to listen. */
export interface Server extends Child {
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

export class Lab {
  readonly placement: Placement;
  readonly #folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-bench-'));
  readonly #children = new Map<ChildProcess, Promise<void>>();
  readonly #ports = new Set<number>();
  #closed = false;

  constructor(placement: Placement) {
    this.placement = placement;
  }

  /** Writes a file into the temp folder and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** A free port on 127.0.0.1 below 32768, where Linux takes no outgoing ports from. */
  async port(): Promise<number> {
    for (;;) {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      if (this.#ports.has(port) || !(await isFree(port))) continue;
      this.#ports.add(port);
      return port;
    }
  }

  /** Starts a server on its core and returns once it listens; its output is dropped but for the last stderr. */
  async start(role: Role, command: readonly string[], port: number): Promise<Server> {
    const { child, stderr } = this.#spawn(role, command, false);
    const exited = new Promise<number | string>((resolve) => {
      child.once('exit', (code, name) => resolve(code ?? name ?? 'unknown'));
    });
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await accepts(port))) {
      const name = command.slice(0, 3).join(' ');
      if (hasEnded(child)) throw new Error(`${name} ended before it listened: ${stderr()}`);
      if (Date.now() > deadline) throw new Error(`${name} does not listen on ${port}: ${stderr()}`);
    }
    return { pid: child.pid ?? 0, exited, stop: () => this.#stop(child) };
  }

  /** Runs a program to its end and returns its stdout; it is ended after `timeoutMs`. */
  async run(role: Role, command: readonly string[], timeoutMs: number): Promise<string> {
    const { child, ended, stderr } = this.#spawn(role, command, true);
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const timer = setTimeout(() => signal(child, 'SIGKILL'), timeoutMs);
    await ended;
    clearTimeout(timer);
    if (child.exitCode !== 0) throw new Error(`${command[0]} failed (${child.exitCode}): ${stderr()}`);
    return stdout;
  }

  /** Ends every process and removes the temp folder; safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#children.keys()].map((child) => this.#stop(child)));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(role: Role, command: readonly string[], keepStdout: boolean) {
    if (this.#closed) throw new Error('the bench is ending');
    const [program = '', ...rest] = [...this.placement.prefix(role), ...command];
    // A group of its own, so that the workers of a primary that is killed end with it.
    const child = spawn(program, rest, {
      cwd: this.#folder,
      detached: true,
      stdio: ['ignore', keepStdout ? 'pipe' : 'ignore', 'pipe'],
    });
    let tail = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-KEPT_STDERR_CHARS);
    });
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.once('error', (error) => {
        tail += error.message;
        resolve();
      });
    });
    this.#children.set(child, ended);
    return { child, ended, stderr: () => tail.trim() };
  }

  async #stop(child: ChildProcess): Promise<void> {
    const ended = this.#children.get(child);
    if (ended === undefined) return;
    signal(child, 'SIGTERM');
    const timer = setTimeout(() => signal(child, 'SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    // Also what the leader left behind in its group.
    signal(child, 'SIGKILL');
    this.#children.delete(child);
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The whole group is gone already.
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Whether something listens on the port; a no takes 30 ms, so that a caller may ask in a loop. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(resolve, 30, false));
  });
}
