// `serve` at its start: what cannot start leaves nothing behind, and signals that come too early take effect later.
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { runCommand } from './run-command.ts';

let cwd: string;
/** A server that takes connections and never says a word: a port that is taken, or a Redis that hangs. */
let silent: Server;
const connections: Socket[] = [];
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'gateway-'));
  silent = createServer((socket) => connections.push(socket.on('error', () => undefined))).listen(
    0,
    '127.0.0.1',
  );
  await once(silent, 'listening');
});

afterEach(() => {
  for (const socket of connections.splice(0)) socket.destroy();
  silent.close();
  rmSync(cwd, { recursive: true, force: true });
});

function write(listen: number, admin: number, more = ''): void {
  writeFileSync(
    join(cwd, 'gateway.yaml'),
    `listen: { port: ${listen} }\nadmin: { port: ${admin} }\n${more}pools: [{ name: a, endpoints: [{ url: "http://127.0.0.1:1/mcp" }] }]\n`,
  );
}

const hangingRedis = () => `redis: { url: "redis://127.0.0.1:${portOf(silent)}" }\n`;

describe('a gateway that cannot start', () => {
  it('for its admin port is taken, ends, and has let no client in', async () => {
    const port = await freePort();
    write(port, portOf(silent));
    const { code, stdout, stderr } = await runCommand(['serve'], { cwd });
    const mend = /^The gateway could not start: admin\.port: something listens on .*EADDRINUSE/;
    expect([code, stderr]).toEqual([1, expect.stringMatching(mend)]);
    expect(stdout).not.toContain('"event":"started"');
    const [error] = await once(connect(port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('for its public port is taken, ends whatever it was connected to', async () => {
    write(portOf(silent), 0, hangingRedis());
    const { code, stderr } = await runCommand(['serve'], { cwd });
    const mend = /^The gateway could not start: listen\.port: something listens on .*EADDRINUSE/;
    expect([code, stderr]).toEqual([1, expect.stringMatching(mend)]);
  });

  it('for an address is not its own, names the setting', async () => {
    write(0, 0);
    const file = join(cwd, 'gateway.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('port: 0', 'port: 0, host: 192.0.2.1'));
    const { code, stderr } = await runCommand(['serve'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/listen\.host: 192\.0\.2\.1 .*EADDRNOTAVAIL/)]);
  });
});

describe('a gateway whose file becomes something that cannot be read to its end', () => {
  it('such as a pipe, says so and serves on', async () => {
    write(0, 0);
    const file = join(cwd, 'gateway.yaml');
    const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'serve'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let out = '';
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('"event":"started"') && !out.includes('"event":"reload')) {
        rmSync(file, { force: true });
        execFileSync('mkfifo', [file]);
        child.kill('SIGHUP');
      }
      if (out.includes('"event":"reload_failed"')) break;
    }
    expect(out).toMatch(/"event":"reload_failed".*gateway\.yaml.*is not a regular file/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('a signal during the start', () => {
  it('that comes while the program is being loaded is held for it', async () => {
    write(0, 0);
    const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));
    // Sent by the first module that is loaded after the entry's own: no event loop has turned since.
    const early = `import { registerHooks } from 'node:module';
      let sent = false;
      registerHooks({ load(url, context, next) {
        if (!sent && url.endsWith('/program.ts')) sent = process.kill(process.pid, 'SIGTERM');
        return next(url, context);
      } });`;
    const preload = `data:text/javascript,${encodeURIComponent(early)}`;
    const child = spawn(process.execPath, ['--import', preload, main, 'serve'], { cwd, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  /** Starts `serve`, and sends `signal` while it waits for the key that a Redis holds. */
  const signalled = async (signal: NodeJS.Signals): Promise<ChildProcessByStdio<null, Readable, null>> => {
    write(0, 0, hangingRedis());
    const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'serve'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(silent, 'connection');
    child.kill(signal);
    return child;
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in good order', async (signal) => {
    const child = await signalled(signal);
    const [out, [code, killed]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect([code, killed]).toEqual([0, null]);
    expect(out).toContain('"event":"stopped"');
  });

  it('SIGHUP reads the file again once it has started', async () => {
    const child = await signalled('SIGHUP');
    let out = '';
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('"event":"reload"')) break;
    }
    expect(out).toMatch(/"event":"started".*"event":"reload","cause":"signal"/s);
    expect(child.exitCode).toBeNull();
  });
});
