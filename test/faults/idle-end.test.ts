// Idle connections that the upstream ends just as a request is to go over them: nothing was sent, and nothing is lost.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';
import { RawClient, requestBytes } from '../support/raw-socket.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

// Programs that are started take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let ups: ScriptedUpstream[];
let gw: GatewayProcess;
/** The connection over which the last call came. */
let last: Socket | undefined;
let opened: number;

beforeEach(async () => {
  opened = 0;
  const start = () =>
    startScripted(({ message }, response, { socket }) => {
      const session = message?.method === 'initialize' ? { 'mcp-session-id': `s${++opened}` } : {};
      last = socket;
      response.writeHead(200, { 'content-type': 'application/json', ...session });
      const result = { resultType: 'complete', content: [], tools: [], protocolVersion: '2025-11-25' };
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message?.id, result }));
    });
  ups = [await start(), await start()];
});

afterEach(async () => {
  await gw.dispose();
  await Promise.all(ups.map((up) => up.close()));
});

const calls = () => ups.flatMap(({ received }) => received.map(({ message }) => message?.method));

/** Has the gateway find both in one turn: a request of `client` and the end of the connection that it would go over. */
async function meetEnd(client: RawClient, bytes: Buffer): Promise<number> {
  const { pid } = gw.child;
  gw.child.kill('SIGSTOP');
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) T /));
  await client.write(bytes);
  const ended = new Promise((resolve) => last?.once('close', resolve));
  last?.destroy();
  await ended;
  gw.child.kill('SIGCONT');
  return (await client.reply()).status;
}

function post({ body, headers }: { body: object; headers: Record<string, string> }): Buffer {
  const own = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return requestBytes('POST /mcp', { ...own, ...headers }, JSON.stringify(body));
}

describe('the end of an idle connection that meets a request', () => {
  it('costs an unsafe call nothing, at the only endpoint there is', async () => {
    gw = await startGatewayProcess(`pools: [{ name: a, endpoints: [{ url: "${ups[0]?.url}" }] }]\n`);
    const client = await RawClient.connect(gw.url);
    const call = post(modernRequest('tools/call', { name: 'write' }));
    await client.write(call);
    expect((await client.reply()).status).toBe(200);
    expect(await meetEnd(client, call)).toBe(200);
    expect(calls()).toEqual(['tools/call', 'tools/call']);
  });

  it.each(['auto', 'never'])('neither loses nor moves a session, with session_recovery %s', async (mode) => {
    const endpoints = ups.map(({ url }) => `{ url: "${url}" }`).join(', ');
    gw = await startGatewayProcess(
      `pools: [{ name: a, era: legacy, session_recovery: ${mode}, endpoints: [${endpoints}] }]\n`,
    );
    const hello = initializeRequest();
    const { headers } = await rawCall(`${gw.url}/mcp`, hello.body, hello.headers);
    const id = String(headers['mcp-session-id']);
    const client = await RawClient.connect(gw.url);
    await client.write(post(legacyRequest('tools/list', {}, 1, id)));
    expect((await client.reply()).status).toBe(200);
    const call = post(legacyRequest('tools/call', { name: 'write' }, 2, id));
    expect(await meetEnd(client, call)).toBe(200);
    expect(await meetEnd(client, post(legacyRequest('tools/list', {}, 3, id)))).toBe(200);
    expect(calls().filter((method) => method === 'tools/call')).toHaveLength(1);
    expect(opened).toBe(1);
  });
});
