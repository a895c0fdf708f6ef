// Starts the gateway as a user does, as a process with a configuration file, in front of given servers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort } from '../../test/support/free-port.ts';

/** A running gateway: the URL at which it serves each pool. */
export interface GatewayProcess {
  urls: Record<string, string>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 15_000;

/** Starts `entry` (gateway/main.ts) with one pool per entry of `servers`, name to URL; resolves when it is ready. */
export async function startGatewayProcess(
  entry: string,
  servers: Record<string, string>,
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const config = join(folder, 'gateway.yaml');
  writeFileSync(
    config,
    stringify({
      version: 1,
      listen: { host: '127.0.0.1', port, public_url: `http://127.0.0.1:${port}` },
      admin: { host: '127.0.0.1', port: adminPort },
      pools: Object.entries(servers).map(([name, url]) => ({ name, endpoints: [{ url }] })),
      routes: Object.keys(servers).map((name) => ({ path: `/${name}/mcp`, pools: [name], prefix: 'never' })),
    }),
  );
  const child = spawn(process.execPath, [entry, 'serve', '-c', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000);
    });
  }
  const closed = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await closed;
    clearTimeout(impatience);
    rmSync(folder, { recursive: true, force: true });
  };
  const urls = Object.fromEntries(
    Object.keys(servers).map((name) => [name, `http://127.0.0.1:${port}/${name}/mcp`]),
  );
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(`http://127.0.0.1:${port}/health`))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`The gateway did not become ready:\n${output}`);
    }
    await delay(50);
  }
  return { urls, stop };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
