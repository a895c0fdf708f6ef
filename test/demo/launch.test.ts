// Starting and stopping the demo servers as processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import type { DemoServer } from '../../demo/launch.ts';
import { startDemo } from '../../demo/launch.ts';
import { connectV1, connectV2, rawCall } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';

async function twoServers(): Promise<DemoServer[]> {
  return [
    { script: 'stateless-server.ts', port: await freePort(), name: 'one' },
    { script: 'stateful-server.ts', port: await freePort(), name: 'two' },
  ];
}

const urlOf = (port: number | undefined) => `http://127.0.0.1:${port}/mcp`;

test('the servers answer once started, and are gone once stopped', async () => {
  const servers = await twoServers();
  const demo = await startDemo(servers);
  const modern = await connectV2(urlOf(servers[0]?.port));
  const legacy = await connectV1(urlOf(servers[1]?.port));
  expect((await modern.client.listTools()).tools).toHaveLength(8);
  expect((await legacy.client.listTools()).tools).toHaveLength(8);
  await modern.close();
  await legacy.close();
  await demo.stop();
  for (const { port } of servers) await expect(rawCall(urlOf(port), {})).rejects.toThrow('ECONNREFUSED');
});

test('a port that is taken is named in the reason, and no server is left running', async () => {
  const servers = await twoServers();
  const squatter = createServer().listen(servers[1]?.port, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as AddressInfo;
  await expect(startDemo(servers)).rejects.toThrow(
    `The demo server two could not start: port ${port} on 127.0.0.1 is already in use`,
  );
  squatter.close();
  await expect(rawCall(urlOf(servers[0]?.port), {})).rejects.toThrow('ECONNREFUSED');
});

test('the servers end when the process that started them is killed', async () => {
  const servers = await twoServers();
  const launch = new URL('../../demo/launch.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(launch)}).then(async ({ startDemo }) => {
    await startDemo(${JSON.stringify(servers)}); console.log('started'); setInterval(() => {}, 1000); });`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface(parent.stdout), 'line');
  parent.kill('SIGKILL');
  const gone = (port: number) =>
    rawCall(urlOf(port), {}).then(
      () => false,
      () => true,
    );
  for (const { port } of servers) await expect.poll(() => gone(port), { timeout: 5000 }).toBe(true);
});
