// A server's process that is killed: what its sessions' clients hear of it, by their calls and by their streams.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectV1, rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import { freePort } from '../support/free-port.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

let servers: [Server, Server];
let gw: TestGateway | undefined;

beforeEach(async () => {
  servers = await Promise.all([start('one'), start('two')]);
});

afterEach(async () => {
  await gw?.stop(500);
  gw = undefined;
  await Promise.all(servers.map(kill));
});

/** The demo's server with sessions, whose answers have event ids. */
async function start(name: string): Promise<Server> {
  const port = await freePort();
  const file = fileURLToPath(new URL('../../demo/stateful-server.ts', import.meta.url));
  const child = spawn(process.execPath, [file, '--port', String(port), '--name', name], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(createInterface(child.stdout as NonNullable<typeof child.stdout>), 'line');
  return { url: `http://127.0.0.1:${port}/mcp`, child };
}

async function kill({ child }: Server): Promise<void> {
  if (child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function before(recovery: string, behind: readonly Server[]): Promise<TestGateway> {
  gw = await startGateway(`pools:
  - name: a
    era: legacy
    balance: round_robin
    session_recovery: ${recovery}
    endpoints: [${behind.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
    health: { interval: 200ms, unhealthy_after: 1 }
`);
  return gw;
}

it('a call of an official client that could be resumed fails at once, and not by its timeout', async () => {
  const [server] = servers;
  const { client, close } = await connectV1((await before('never', [server])).at());
  const working = Promise.withResolvers<void>();
  const report = client.callTool({ name: 'slow_report', arguments: { seconds: 3 } }, undefined, {
    onprogress: () => working.resolve(),
  });
  const failed = expect(report).rejects.toMatchObject({
    code: 502,
    data: { source: 'gateway', reason: 'upstream_failed' },
  });
  await working.promise;
  await kill(server);
  await failed;
  await close();
});

it('a stream of the session is answered with 404 as its calls are, also when checks have found it', async () => {
  const [server] = servers;
  const gateway = await before('never', [server]);
  const session = await open(gateway);
  await kill(server);
  await found(gateway);
  const { body } = legacyRequest('tools/list');
  const asked = { 'mcp-session-id': session, accept: 'application/json, text/event-stream' };
  const answers = await Promise.all([
    rawCall(gateway.at(), undefined, asked),
    rawCall(gateway.at(), body, asked),
  ]);
  for (const { status, json } of answers)
    expect([status, json]).toMatchObject([404, { error: { data: { reason: 'session_not_found' } } }]);
});

it('a stream of the session is opened elsewhere where sessions are recovered', async () => {
  const gateway = await before('auto', servers);
  const [sessions, home] = [await Promise.all([open(gateway), open(gateway)]), servers[0]];
  await kill(home);
  await found(gateway);
  const streams = await Promise.all(
    sessions.map((id) => openEventStream(gateway.at(), undefined, { 'mcp-session-id': id })),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200]);
  for (const stream of streams) stream.leave();
});

async function open(gateway: TestGateway): Promise<string> {
  const { headers } = await rawCall(gateway.at(), initializeRequest().body);
  return String(headers['mcp-session-id']);
}

/** Checks have taken the killed server out. */
async function found(gateway: TestGateway): Promise<void> {
  await expect.poll(() => gateway.logs().map(({ event }) => event)).toContain('endpoint_unhealthy');
}
