// Starts the demo servers as child processes, waits until they are ready, and stops them.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One demo server to start: its script in this folder, its port on 127.0.0.1 and its name. */
export interface DemoServer {
  script: 'stateless-server.ts' | 'stateful-server.ts';
  port: number;
  name: string;
}

/** The servers of the demo: two replicas of each kind. */
export const DEMO_SERVERS: readonly DemoServer[] = [
  { script: 'stateless-server.ts', port: 8101, name: 'stateless-1' },
  { script: 'stateless-server.ts', port: 8102, name: 'stateless-2' },
  { script: 'stateful-server.ts', port: 8111, name: 'stateful-1' },
  { script: 'stateful-server.ts', port: 8112, name: 'stateful-2' },
];

/** Starts `servers`; resolves when all are ready, rejects with the first one's reason and none left running. */
export async function startDemo(
  servers: readonly DemoServer[] = DEMO_SERVERS,
  readyWithinMs = 15_000,
): Promise<{ stop(): Promise<void> }> {
  const children = servers.map(start);
  const stop = async () => {
    await Promise.all(children.map(stopChild));
  };
  try {
    const deadline = AbortSignal.timeout(readyWithinMs);
    await Promise.all(servers.map((server, index) => ready(server, children[index], deadline)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

function start({ script, port, name }: DemoServer): ChildProcess {
  const file = fileURLToPath(new URL(script, import.meta.url));
  // The IPC channel closes when this process ends in whatever way, SIGKILL too; the child then ends itself.
  return spawn(process.execPath, [file, '--port', String(port), '--name', name], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function ready(
  server: DemoServer,
  child: ChildProcess | undefined,
  deadline: AbortSignal,
): Promise<void> {
  if (!child?.stdout || !child.stderr) throw new Error(`The demo server ${server.name} could not be spawned`);
  const failed = (reason: string) => new Error(`The demo server ${server.name} could not start: ${reason}`);
  let started = false;
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (started) process.stderr.write(`${server.name}: ${text}`);
    else complaint = text.trim();
  });
  const firstLine = once(createInterface(child.stdout), 'line', { signal: deadline });
  const ended = once(child, 'close', { signal: deadline }).then(([code]) => {
    throw failed(complaint || `it ended with code ${String(code)}`);
  });
  await Promise.race([firstLine, ended]).catch((error: unknown) => {
    throw deadline.aborted ? failed(`it was not ready on port ${server.port} in time`) : error;
  });
  started = true;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 2000);
  await exited;
  clearTimeout(impatience);
}
