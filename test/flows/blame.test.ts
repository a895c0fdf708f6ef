// Blame: whose fault it is not when something goes wrong between a client and an endpoint.
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { requestBytes } from '../support/raw-socket.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

const CLIENTS = 3;
/** More than all buffers on the way hold. */
const LARGE_BYTES = 12 * 1024 * 1024;

let upstreams: ScriptedUpstream[] = [];
let gateway: TestGateway;
let sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await gateway.stop();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  upstreams = [];
  sockets = [];
});

async function start(scripts: readonly Script[], limits: object, pool: object): Promise<void> {
  upstreams = await Promise.all(scripts.map(startScripted));
  const endpoints = upstreams.map(({ url }) => ({ url }));
  gateway = await startGateway({ limits, pools: [{ name: 'p', endpoints, ...pool }] });
}

function json(response: Parameters<Script>[1], status: number, message: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }));
}

async function sum(name: string, labels = ''): Promise<number> {
  const series = [...(await gateway.metrics())].filter(
    ([key]) => key.startsWith(`${name}{`) && key.includes(labels),
  );
  return series.reduce((total, [, value]) => total + value, 0);
}

it('an endpoint is not ejected for clients that do not read what it answers', async () => {
  const text = 'x'.repeat(LARGE_BYTES);
  const result = { resultType: 'complete', contents: [{ uri: 'a://b', text }] };
  const large = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result }));
  const answer: Script = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': large.length });
    response.end(large);
  };
  const timed = { timeout: '2s', max_response: '64MiB' };
  await start([answer, answer], timed, {
    balance: 'rendezvous',
    health: { interval: '30s' },
    outlier: { consecutive_failures: 1 },
  });
  const { body, headers } = modernRequest('resources/read', { uri: 'a://b' });
  const { port, hostname } = new URL(gateway.url);
  const all = {
    ...headers,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  for (let i = 0; i < CLIENTS; i++) {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.pause();
    socket.write(requestBytes('POST /mcp', all, JSON.stringify(body)));
    sockets.push(socket);
  }
  const ended = 'mcp_client_operation_duration_seconds_count';
  await vi.waitFor(async () => expect(await sum(ended, 'error_type="timeout"')).toBe(CLIENTS), 10_000);
  expect(await sum('mcp_gateway_endpoint_ejected')).toBe(0);
  expect(await sum('mcp_gateway_endpoint_up')).toBe(2);
});

it('a call is a success where the hedge was, whatever the first endpoint has said meanwhile', async () => {
  let calls = 0;
  const answer: Script = async (_request, response) => {
    if (calls++ > 0) {
      await vi.waitFor(() => expect(firstAnswered).toBe(true), 5000);
      return json(response, 200, { result: { resultType: 'complete', content: [] } });
    }
    await vi.waitFor(() => expect(calls).toBe(2), 5000);
    response.on('close', () => (firstAnswered = true));
    return json(response, 500, { error: { code: -32603, message: 'bad' } });
  };
  let firstAnswered = false;
  const tools = [{ match: 't', retry: 'safe', hedge: { after: '50ms', budget_percent: 50 } }];
  await start([answer, answer], {}, { tools });
  const { body, headers } = modernRequest('tools/call', { name: 't', arguments: {} });
  expect((await rawCall(gateway.url, body, headers)).status).toBe(200);
  const told = 'mcp_server_operation_duration_seconds_count';
  await vi.waitFor(async () => expect(await sum(told, 'tools/call')).toBe(1), 5000);
  expect(await sum(told, 'error_type="')).toBe(await sum(told, 'error_type=""'));
});

it('a batch whose stream ends before the last answer has failed', async () => {
  const answer: Script = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n');
  };
  await start([answer], {}, {});
  const batch = [
    { jsonrpc: '2.0', id: 7, method: 'ping' },
    { jsonrpc: '2.0', id: 8, method: 'tools/call', params: { name: 't', arguments: {} } },
  ];
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const sent = fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify(batch) });
  await expect(sent.then((answered) => answered.text())).rejects.toThrow();
});
