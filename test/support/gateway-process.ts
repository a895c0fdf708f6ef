// Starts the gateway as users do, a process of its own with a file of its own, to be sent real signals.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly adminUrl: string;
  readonly file: string;
  /** All that was logged so far, a record a line. */
  readonly records: Record<string, unknown>[];
  /** Writes another configuration. */
  rewrite(yaml: string): void;
  /** Resolves with the first record of this event, past or to come; rejects after `withinMs`. */
  logged(event: string, withinMs?: number): Promise<Record<string, unknown>>;
  /** Resolves with the exit code, or the signal's name, once the process has ended. */
  readonly exited: Promise<number | string>;
  /** Ends it by force if it still runs, and removes its files. */
  dispose(): Promise<void>;
}

interface ProcessOptions {
  readonly env?: Record<string, string>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** A program that starts it, with its arguments, such as one that sets limits. */
  readonly under?: readonly string[];
}

const frame = 'listen: { port: 0 }\nadmin: { port: 0 }\n';

/** Starts `serve`; resolves when it is ready. `yaml` says everything but `listen` and `admin`, unless it begins so. */
export async function startGatewayProcess(
  yaml: string,
  { env = {}, node = [], under = [] }: ProcessOptions = {},
): Promise<GatewayProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'gateway-process-'));
  const file = join(dir, 'gateway.yaml');
  const rewrite = (text: string) => writeFileSync(file, text.startsWith('listen:') ? text : frame + text);
  rewrite(yaml);
  const command = [...under, process.execPath, ...node, main, 'serve', '-c', file];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const records: Record<string, unknown>[] = [];
  let rest = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) records.push(JSON.parse(line) as Record<string, unknown>);
    child.emit('records');
  });
  const logged = async (event: string, withinMs = 30_000) => {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = records.find((record) => record['event'] === event);
      if (found !== undefined) return found;
      await once(child, 'records', { signal });
    }
  };
  const failed = exited.then((code) => {
    throw new Error(`the gateway ended with ${code}: ${complaint}`);
  });
  const started = await Promise.race([logged('started'), failed]);
  failed.catch(() => undefined);
  return {
    child,
    url: String(started['url']),
    adminUrl: String(started['admin_url']),
    file,
    records,
    rewrite,
    logged,
    exited,
    async dispose() {
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
