// Starts the reference server, @modelcontextprotocol/server-everything, over Streamable HTTP as a child process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const PACKAGE = dirname(
  fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/package.json')),
);
const READY_WITHIN_MS = 15_000;

/** Starts it on `port` (any free one by default): a stateful 2025-11-25 server at `url`. */
export async function startServerEverything(port?: number): Promise<{ url: string; close(): Promise<void> }> {
  const chosen = port ?? (await freePort());
  const child = spawn(process.execPath, [join(PACKAGE, 'dist', 'index.js'), 'streamableHttp'], {
    env: { ...process.env, PORT: String(chosen) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const exited = once(child, 'exit');
  const close = async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await exited;
  };
  const url = `http://127.0.0.1:${chosen}/mcp`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await close();
      throw new Error(`server-everything did not become ready on ${url}:\n${complaint}`);
    }
    await delay(50);
  }
  return { url, close };
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    await answer.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
