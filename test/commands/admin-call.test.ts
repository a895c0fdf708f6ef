// The commands that ask a running gateway, where none runs or something else does.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { runCommand } from './run-command.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'admin-call-'));
  return () => rmSync(cwd, { recursive: true });
});

/** Writes `mine.yaml` with the admin listener at a port. */
function write(port: number): void {
  const pools = 'pools: [{ name: a, endpoints: [{ url: "http://127.0.0.1:9/mcp" }] }]';
  writeFileSync(join(cwd, 'mine.yaml'), `admin: { host: 0.0.0.0, port: ${port}, token: t }\n${pools}\n`);
}

const run = (...args: string[]) => runCommand([...args, '-c', 'mine.yaml'], { cwd });

it.each([
  ['advise'],
  ['purge', '--all'],
  ['drain', 'http://127.0.0.1:9/mcp'],
  ['undrain', 'http://127.0.0.1:9/mcp'],
  ['healthcheck'],
])('%s says where it looked for the gateway', async (...args) => {
  const port = await freePort();
  write(port);
  expect(await run(...args)).toEqual({
    code: 1,
    stdout: '',
    stderr: `Nothing answers at http://127.0.0.1:${port} (admin.host and admin.port of mine.yaml): connection refused. Is the gateway running?\n`,
  });
});

it('says when something else answers there', async () => {
  const server = createServer((_request, response) => response.writeHead(500).end('<html>')).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  write(port);
  expect(await run('purge', '--all')).toMatchObject({
    code: 1,
    stderr: `What answers at http://127.0.0.1:${port} (admin.host and admin.port of mine.yaml) says 500. Is it the gateway?\n`,
  });
});

it.each([
  ['a mistake elsewhere in the file', 'limits: { timeout: soon }', 0],
  ['a mistake in the section itself', '', 1],
])('healthcheck with %s', async (_what, more, code) => {
  const server = createServer((_request, response) => response.writeHead(200).end('ready\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  writeFileSync(join(cwd, 'mine.yaml'), `admin: { port: ${code === 0 ? port : '"?"'} }\n${more}\n`);
  expect(await run('healthcheck')).toMatchObject({ code, stdout: code === 0 ? 'ready\n' : '' });
});

it('names the pools that there are when one is meant that is not', async () => {
  const server = createServer((_request, response) => response.end('{"pools":[{"name":"a"},{"name":"c"}]}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  write((server.address() as AddressInfo).port);
  expect(await run('drain', 'http://127.0.0.1:9/mcp', '--pool', 'b')).toMatchObject({
    code: 1,
    stderr: 'The gateway has no pool b; it has a, c\n',
  });
});
