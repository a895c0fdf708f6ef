// A port that takes no connection and refuses none: a connect to it waits until the caller gives up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

// The child listens with the smallest backlog and then stops running, so nothing is ever accepted.
const LISTENER = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, server.address().port + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

const FILLED_AFTER_MS = 300;

/** Starts a black hole; `url` is an MCP URL on it. */
export async function startBlackHole(): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const port = Number(line);
  const sockets: Socket[] = [];
  // The kernel completes connects until the backlog is full, and drops the SYNs after that.
  while (await connects(port, sockets));
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function connects(port: number, sockets: Socket[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return once(socket, 'connect', { signal: AbortSignal.timeout(FILLED_AFTER_MS) }).then(
    () => true,
    () => false,
  );
}
