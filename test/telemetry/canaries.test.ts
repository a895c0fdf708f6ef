// Canaries: secrets sent through every surface show up on none that operators read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1, rawCall } from '../support/clients.ts';
import { FaultUpstream } from '../support/fault-upstream.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

/** A text that stands nowhere else; long enough for a key. */
const canary = (what: string) => `canary-${what}-7f3a9c51e2d84b60`;
const KEY = canary('key');
const TOKEN = canary('token');
const ADMIN = canary('admin');
const UPSTREAM = canary('upstream');
const OTLP = canary('otlp');

let receiver: OtlpReceiver;
let upstream: FaultUpstream;
let gateway: GatewayProcess;
/** Session ids: the gateway's own and the upstream's. */
const sessions: string[] = [];
/** What the admin listener and the refusals said. */
let told = '';

async function call(name: string, headers: Record<string, string> = {}): Promise<void> {
  const request = modernRequest('tools/call', { name, arguments: { secret: canary('argument') } });
  const url = `${gateway.url}/mcp?key=${canary('query')}`;
  const answer = await rawCall(url, request.body, { 'x-api-key': KEY, ...request.headers, ...headers });
  // What an upstream echoes to its client is the client's own; only the gateway's errors are read here.
  if (answer.text.includes('"source":"gateway"')) told += answer.text;
}

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  upstream = new FaultUpstream({ sessions: true });
  await upstream.listen();
  const yaml = `listen: { port: 0 }
admin: { port: 0, token: ${ADMIN} }
version: 1
log: { level: trace }
auth: { mode: required }
clients: [{ id: ci, api_key: ${KEY} }]
pools:
  - name: one
    endpoints: [{ url: "${upstream.url}?token=${canary('url')}" }]
    headers: { authorization: Bearer ${UPSTREAM} }
    tools: [{ match: "echo", cache: { ttl: 1m } }]
`;
  const env = { ...receiver.env, OTEL_EXPORTER_OTLP_HEADERS: `x-secret=${OTLP}` };
  gateway = await startGatewayProcess(yaml, { env });

  for (const name of [
    'echo',
    'echo',
    'reset-before',
    'status-500',
    'tool-error',
    'rpc-error',
    'truncated-json',
  ]) {
    await call(name);
  }
  await call('echo', { authorization: `Bearer ${TOKEN}`, 'x-api-key': '' });
  await call('echo', { 'mcp-name': canary('name') });
  await call('echo', { baggage: `user=${canary('baggage')}`, traceparent: canary('traceparent') });
  const legacy = legacyRequest('ping');
  const unknown = { 'x-api-key': KEY, ...legacy.headers, 'mcp-session-id': canary('session') };
  told += (await rawCall(`${gateway.url}/mcp`, legacy.body, unknown)).text;
  told += (await rawCall(`${gateway.url}/mcp`, `{"canary":"${canary('body')}"`, { 'x-api-key': KEY })).text;
  const { client, transport, close } = await connectV1(`${gateway.url}/mcp`, {
    headers: { 'x-api-key': KEY },
  });
  await client.callTool({ name: 'echo', arguments: { text: canary('argument') } });
  sessions.push(String(transport.sessionId), ...upstream.sessions);
  await close();

  const auth = { authorization: `Bearer ${ADMIN}` };
  for (const path of ['/metrics', '/admin/state', '/readyz?verbose', '/']) {
    told += await (await fetch(gateway.adminUrl + path, { headers: auth })).text();
  }
  for (const [path, body] of [
    ['/admin/log-level', `{"level":"${canary('level')}"}`],
    ['/admin/reload', ''],
    ['/admin/log-level', '{"level":"debug"}'],
  ] as const) {
    told += await (await fetch(gateway.adminUrl + path, { method: 'POST', headers: auth, body })).text();
  }
  await gateway.logged('log_level');
  await receiver.until(() => receiver.metrics.get('mcp.server.session.duration'));
  await receiver.until(() => receiver.spans.find(({ name }) => name === 'initialize'));
});

afterAll(async () => {
  await gateway?.dispose();
  await Promise.all([upstream?.close(), receiver?.close()]);
});

describe('a secret', () => {
  it('reached the upstream or the receiver where it had to, so it was really there', () => {
    expect(upstream.received.some(({ headers }) => headers['authorization'] === `Bearer ${UPSTREAM}`)).toBe(
      true,
    );
    expect(receiver.posts.some(({ headers }) => headers['x-secret'] === OTLP)).toBe(true);
    expect(sessions).toHaveLength(2);
    expect(JSON.stringify(upstream.received)).toContain('canary-argument');
  });

  it.each([
    ['log', () => JSON.stringify(gateway.records)],
    ['span or pushed metric', () => receiver.text],
    ['error, state or scraped metric', () => told],
  ])('is in no %s', (_surface, read) => {
    const text = read();
    expect(text.length).toBeGreaterThan(1000);
    expect(text.match(/canary-\w+/g) ?? []).toEqual([]);
    for (const session of sessions) expect(text).not.toContain(session);
  });
});
