// What clients send about calls that are under way: answers to servers and notices are heard where those calls run.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawAnswer } from '../support/clients.ts';
import { rawCall } from '../support/clients.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyNotice, legacyRequest } from '../support/message.ts';
import type { Script, ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

/** A server whose tool `ask` ends when its client has answered, and whose tool `hold` never does. */
interface Asking extends ScriptedUpstream {
  /** It fails its checks, and is otherwise well. */
  sick: boolean;
  /** Ids of the sessions that clients opened here. */
  readonly sessions: string[];
  /** The tools called here, and the sessions that they were called in. */
  readonly calls: { readonly tool: string; readonly session: string }[];
  /** What was posted here about calls, and the session that it was posted in. */
  readonly heard: { readonly what: unknown; readonly session: string }[];
}

let servers: [Asking, Asking];
let gw: TestGateway;

beforeEach(async () => {
  servers = [await startAsking(), await startAsking()];
});

afterEach(async () => {
  await gw.stop(500);
  for (const server of servers) await server.close();
});

async function startAsking(): Promise<Asking> {
  const asked: (() => void)[] = [];
  const state = { sick: false, sessions: [], calls: [], heard: [] } as Pick<
    Asking,
    'sick' | 'sessions' | 'calls' | 'heard'
  >;
  const script: Script = ({ method, message, headers }, response) => {
    const session = String(headers['mcp-session-id']);
    const json = (result: unknown, more = {}) => {
      response.writeHead(200, { 'content-type': 'application/json', ...more });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message?.id, result }));
    };
    const event = (what: object) =>
      `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...what })}\n\n`;
    if (method === 'GET') return void response.writeHead(state.sick ? 503 : 200).end();
    if (method === 'DELETE') return void response.writeHead(200).end();
    if (message?.method === 'initialize') {
      state.sessions.push(crypto.randomUUID());
      const serverInfo = { name: 'asking', version: '1.0.0' };
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo };
      return json(result, { 'mcp-session-id': state.sessions.at(-1) });
    }
    if (message?.id === undefined || message.method === undefined) {
      const what = message?.method === undefined ? message?.id : message.method;
      if (what !== 'notifications/initialized') state.heard.push({ what, session });
      response.writeHead(202).end();
      if (message?.id !== undefined) for (const end of asked.splice(0)) end();
      return;
    }
    if (message.method !== 'tools/call') return json({});
    const tool = String(message.params?.name);
    state.calls.push({ tool, session });
    if (tool === 'hold') return;
    if (tool !== 'ask') return json({ content: [] });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event({ id: 'question', method: 'elicitation/create', params: {} }));
    asked.push(() => response.end(event({ id: message.id, result: { content: [] } })));
  };
  return Object.assign(state, await startScripted(script)) as Asking;
}

const yaml = (recovery: string, retry: string, at: readonly Asking[], more = '') => `pools:
  - name: a
    era: legacy
    balance: round_robin
    session_recovery: ${recovery}
    endpoints: [${at.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
    tools: [{ match: "*", retry: ${retry} }]
    health: { path: /healthz, interval: 100ms, unhealthy_after: 1 }
${more}`;

/** A client's session, its home, and the other server. */
interface Client {
  readonly id: string;
  readonly home: Asking;
  readonly other: Asking;
}

async function open(): Promise<Client> {
  const { headers } = await rawCall(gw.at(), initializeRequest().body);
  const [one, two] = servers;
  const [home, other] = one.sessions.length > 0 ? [one, two] : [two, one];
  return { id: String(headers['mcp-session-id']), home, other };
}

function call(id: string, tool: string, requestId: number): Promise<RawAnswer> {
  const { body, headers } = legacyRequest('tools/call', { name: tool, arguments: {} }, requestId, id);
  return rawCall(gw.at(), body, headers);
}

async function answer(id: string): Promise<RawAnswer> {
  const { headers } = legacyRequest('', {}, 0, id);
  return rawCall(gw.at(), { jsonrpc: '2.0', id: 'question', result: { action: 'accept' } }, headers);
}

async function notify(id: string, method: string, params: Record<string, unknown>): Promise<RawAnswer> {
  const { body, headers } = legacyNotice(method, params, id);
  return rawCall(gw.at(), body, headers);
}

const cancel = (id: string, requestId: number) => notify(id, 'notifications/cancelled', { requestId });
const recoveries = () => gw.metric('mcp_gateway_session_recoveries_total');

/** Two calls at the session's home: one waits for its client, and the other for nothing that comes. */
async function busy({ id, home }: Client): Promise<{ asking: Promise<RawAnswer> }> {
  const asking = call(id, 'ask', 11);
  // It ends with the gateway.
  call(id, 'hold', 12).catch(() => undefined);
  await expect.poll(() => home.calls.map(({ tool }) => tool).toSorted()).toEqual(['ask', 'hold']);
  return { asking };
}

/** The client answers, tells of progress and cancels: its calls' server hears it all, and nobody else anything. */
async function isHeardAtHome({ id, home, other }: Client, asking: Promise<RawAnswer>): Promise<void> {
  const session = home.sessions[0] as string;
  const posts = [
    await notify(id, 'notifications/progress', { progressToken: 1, progress: 1 }),
    await cancel(id, 12),
    await answer(id),
  ];
  expect(posts.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect((await asking).events.at(-1)?.message).toMatchObject({ id: 11, result: { content: [] } });
  const whats = ['notifications/progress', 'notifications/cancelled', 'question'];
  expect(home.heard).toEqual(whats.map((what) => ({ what, session })));
  expect(other.heard).toEqual([]);
}

const policies = [
  ['auto', 'safe'],
  ['auto', 'never'],
  ['always', 'safe'],
  ['always', 'never'],
  ['never', 'never'],
] as const;

describe('what a client sends about calls that are under way', () => {
  it.each(policies)(
    'is heard where they run when that has left the configuration: recovery %s, retry %s',
    async (recovery, retry) => {
      gw = await startGateway(yaml(recovery, retry, servers));
      const client = await open();
      const { asking } = await busy(client);
      gw.rewrite(yaml(recovery, retry, [client.other]));
      expect((await gw.reload('signal')).ok).toBe(true);
      await isHeardAtHome(client, asking);
      expect(await recoveries()).toBe(0);
    },
  );

  it.each(policies)(
    'is heard where they run while that fails its checks: recovery %s, retry %s',
    async (recovery, retry) => {
      gw = await startGateway(yaml(recovery, retry, servers));
      const client = await open();
      const { asking } = await busy(client);
      client.home.sick = true;
      await expect.poll(() => gw.logs().map(({ event }) => event)).toContain('endpoint_unhealthy');
      await isHeardAtHome(client, asking);
      expect(await recoveries()).toBe(0);
    },
  );

  it('is heard where they run after the session has gone on elsewhere', async () => {
    gw = await startGateway(yaml('always', 'never', servers));
    const client = await open();
    const { id, other } = client;
    const { asking } = await busy(client);
    gw.rewrite(yaml('always', 'never', [other]));
    expect((await gw.reload('signal')).ok).toBe(true);
    expect((await call(id, 'write', 13)).status).toBe(200);
    expect(other.calls).toHaveLength(1);
    await isHeardAtHome(client, asking);
  });

  it('is heard where the session is when calls are at several places, but for what names its call', async () => {
    gw = await startGateway(yaml('always', 'never', servers));
    const client = await open();
    const { id, home, other } = client;
    const { asking } = await busy(client);
    asking.catch(() => undefined);
    gw.rewrite(yaml('always', 'never', [other]));
    expect((await gw.reload('signal')).ok).toBe(true);
    const asked = call(id, 'ask', 13);
    await expect.poll(() => other.calls.length).toBe(1);
    expect((await cancel(id, 12)).status).toBe(202);
    expect((await answer(id)).status).toBe(202);
    expect((await asked).status).toBe(200);
    expect(home.heard).toMatchObject([{ what: 'notifications/cancelled' }]);
    expect(other.heard).toMatchObject([{ what: 'question' }]);
  });

  it('opens no session anew where nothing is under way', async () => {
    gw = await startGateway(yaml('always', 'safe', servers));
    const { id, home, other } = await open();
    gw.rewrite(yaml('always', 'safe', [other]));
    expect((await gw.reload('signal')).ok).toBe(true);
    expect((await answer(id)).status).toBe(404);
    expect((await cancel(id, 12)).status).toBe(404);
    expect([home.heard, other.heard, other.sessions]).toEqual([[], [], []]);
    expect((await call(id, 'write', 13)).status).toBe(200);
  });
});

describe('a cancellation without affinity', () => {
  it('is heard by the server that has the call', async () => {
    gw = await startGateway(
      yaml('never', 'never', servers).replace('    era:', '    affinity: none\n    era:'),
    );
    const { id } = await open();
    for (let requestId = 1; requestId <= 6; requestId++) {
      const before = servers.map(({ calls }) => calls.length);
      call(id, 'hold', requestId).catch(() => undefined);
      await expect.poll(() => servers.flatMap(({ calls }) => calls).length).toBe(requestId);
      const [at] = servers.filter(({ calls }, i) => calls.length > (before[i] as number));
      const heard = at?.heard.length ?? 0;
      expect((await cancel(id, requestId)).status).toBe(202);
      expect(at?.heard).toHaveLength(heard + 1);
    }
    expect(servers.map(({ calls }) => calls.length)).not.toContain(0);
  });
});
