// Recovery: sessions whose upstream is gone go on elsewhere, where nothing can be lost by it, and only there.
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RawAnswer } from '../support/clients.ts';
import { rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { startScripted } from '../support/scripted-upstream.ts';
import { SessionClient } from '../support/session-client.ts';

let ups: [FaultUpstream, FaultUpstream];
const gateways: TestGateway[] = [];

beforeEach(async () => {
  ups = [
    await startFaults({ sessions: true, name: 'one' }),
    await startFaults({ sessions: true, name: 'two' }),
  ];
});

afterEach(async () => {
  for (const gw of gateways.splice(0)) await gw.stop(1000);
  for (const up of ups) await up.close();
});

const yaml = (mode: string, more = '', urls = ups.map(({ url }) => url)) => `pools:
  - name: a
    session_recovery: ${mode}
    endpoints: [${urls.map((url) => `{ url: "${url}" }`).join(', ')}]
    tools: [{ match: "ok*", retry: safe }, { match: "reset*", retry: safe }]
${more}`;

async function gateway(text: string): Promise<TestGateway> {
  const gw = await startGateway(text);
  gateways.push(gw);
  return gw;
}

/** Opens a session, and says which upstream holds it. */
async function connect(gw: TestGateway): Promise<SessionClient> {
  const before = ups[0].sessions.size;
  const hello = initializeRequest();
  const { headers } = await rawCall(gw.at(), hello.body, hello.headers);
  const home = ups[0].sessions.size > before ? ups[0] : ups[1];
  return new SessionClient(String(headers['mcp-session-id']), home, gw.at());
}

/** Opens sessions until one is at `home`. */
async function connectAt(gw: TestGateway, home: FaultUpstream): Promise<SessionClient> {
  for (;;) {
    const client = await connect(gw);
    if (client.home === home) return client;
  }
}

const other = (client: SessionClient) => (client.home === ups[0] ? ups[1] : ups[0]);
const upstreamOf = (answer: RawAnswer) => /\\"upstream\\":\\"(\w+)\\"/.exec(answer.text)?.[1];
const recoveries = (gw: TestGateway, result: string) =>
  gw.metric('mcp_gateway_session_recoveries_total', `result="${result}"`);

describe('a session whose upstream process is gone', () => {
  it('goes on elsewhere when it only read, opened with the client’s own initialize', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    await client.send('tools/list');
    await client.call('ok');
    const first = client.home.calls('initialize').at(-1)?.message?.params;
    await client.home.refuse();
    const answer = await client.call('ok');
    expect(answer).toMatchObject({ status: 200, json: { id: 7 } });
    const place = other(client);
    expect(upstreamOf(answer)).toBe(place === ups[0] ? 'one' : 'two');
    expect(place.calls('initialize').at(-1)?.message?.params).toEqual(first);
    expect(place.calls('notifications/initialized').length).toBeGreaterThan(0);
    expect((await client.call('ok')).status).toBe(200);
    expect(await recoveries(gw, 'recovered')).toBe(1);
  });

  it('is gone when it did more than read, and a call that reached nobody counts for nothing', async () => {
    const gw = await gateway(yaml('auto'));
    const [wrote, wouldWrite] = [await connect(gw), await connect(gw)];
    await wrote.call('write');
    for (const up of ups) up.sessions.clear();
    expect((await wrote.call('ok')).status).toBe(404);
    expect(await recoveries(gw, 'refused')).toBe(1);
    expect((await wouldWrite.call('write')).status).toBe(200);
    for (const up of ups) up.sessions.clear();
    expect((await wouldWrite.call('write')).status).toBe(404);
  });

  it('goes on whatever it did where the operator says always, and never where never', async () => {
    for (const [mode, status] of [
      ['always', 200],
      ['never', 404],
    ] as const) {
      const gw = await gateway(yaml(mode));
      const client = await connect(gw);
      await client.call('write');
      await client.home.refuse();
      expect((await client.call('write', { nonce: mode })).status).toBe(status);
      await client.home.listen();
    }
    expect(ups.flatMap((up) => up.nonces())).toEqual(['always']);
  });

  it('is recovered once for all the calls that find it lost', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    await client.home.refuse();
    const before = other(client).calls('initialize').length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.call('ok')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(other(client).calls('initialize').length).toBe(before + 1);
  });

  it('goes on with all of several calls that reached nobody at once', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    await client.home.refuse();
    const nonces = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(nonces.map((nonce) => client.call('write', { nonce })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(other(client).nonces().sort()).toEqual(nonces);
  });

  it('gets its log level and subscriptions back, and its client is told to look at the lists again', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    for (const up of ups) up.on('GET', 'quiet-sse');
    await client.send('logging/setLevel', { level: 'warning' });
    await client.send('resources/subscribe', { uri: 'test://a' });
    await client.send('resources/subscribe', { uri: 'test://b' });
    await client.send('resources/unsubscribe', { uri: 'test://a' });
    client.home.sessions.clear();
    const headers = { 'mcp-session-id': client.id, 'mcp-protocol-version': '2025-11-25' };
    const open = await openEventStream(gw.at(), undefined, headers);
    await client.call('ok');
    expect(await open.next()).toMatchObject({ retry: '1000' });
    const again = await openEventStream(gw.at(), undefined, headers);
    expect((await again.next())?.message).toMatchObject({ method: 'notifications/tools/list_changed' });
    const restored = ups.flatMap((up) => [
      ...up.calls('logging/setLevel'),
      ...up.calls('resources/subscribe'),
    ]);
    expect(restored.slice(-2).map(({ message }) => message?.params)).toEqual(
      expect.arrayContaining([{ level: 'warning' }, { uri: 'test://b' }]),
    );
    again.leave();
  });

  it('has ended for good where its client ends it all the same', async () => {
    const gw = await gateway(yaml('always'));
    const client = await connect(gw);
    await client.home.refuse();
    const ended = await rawCall(gw.at(), undefined, { 'mcp-session-id': client.id }, { method: 'DELETE' });
    expect(ended.status).toBe(404);
    expect((await client.call('ok')).status).toBe(404);
    expect(await gw.metric('mcp_gateway_sessions')).toBe(0);
  });

  it('leaves no session behind where it cannot be given what it had', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    await client.send('logging/setLevel', { level: 'warning' });
    const place = other(client);
    const before = new Set(place.sessions);
    place.on('logging/setLevel', 'status-500');
    await client.home.refuse();
    expect((await client.call('ok')).status).toBe(404);
    expect(place.calls('logging/setLevel')).toHaveLength(1);
    await vi.waitFor(() => expect(place.sessions).toEqual(before), { timeout: 5000 });
    expect(await recoveries(gw, 'failed')).toBe(1);
  });
});

describe('a session whose only other endpoint is full', () => {
  it('waits for room there', async () => {
    const gw = await gateway(yaml('auto').replace('    tools:', '    max_in_flight: 1\n    tools:'));
    const client = await connect(gw);
    const busy = await connectAt(gw, other(client));
    const release = Promise.withResolvers<void>();
    busy.home.hold = ({ nonce }) => (nonce === 'held' ? release.promise : undefined);
    const arrived = busy.home.nextReceived(({ nonce }) => nonce === 'held');
    const held = busy.call('ok', { nonce: 'held' });
    await arrived;
    const port = new URL(client.home.url).port;
    const attempts = () => gw.metric('mcp_client_operation_duration_seconds_count', `server_port="${port}"`);
    const before = await attempts();
    await client.home.refuse();
    const waiting = client.call('ok');
    await vi.waitFor(async () => expect(await attempts()).toBeGreaterThan(before), { timeout: 5000 });
    release.resolve();
    expect((await held).status).toBe(200);
    expect((await waiting).status).toBe(200);
  });
});

describe('a session that is lost while the configuration is reloaded', () => {
  it('goes on at one place, whatever was under way before', async () => {
    const gw = await gateway(yaml('always'));
    const client = await connect(gw);
    const place = other(client);
    const held = Promise.withResolvers<void>();
    place.hold = ({ message }) => (message?.method === 'initialize' ? held.promise : undefined);
    const openings = () => place.calls('initialize').length;
    const before = openings();
    await client.home.refuse();
    const first = client.call('ok');
    await vi.waitFor(() => expect(openings()).toBe(before + 1), { timeout: 5000 });
    gw.rewrite(yaml('always', 'limits: { timeout: 29s }\n'));
    expect((await gw.reload('signal')).ok).toBe(true);
    const second = client.call('ok');
    await vi.waitFor(() => expect(openings()).toBe(before + 2), { timeout: 5000 });
    held.resolve();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    const ids = place.calls().map(({ headers }) => headers['mcp-session-id']);
    expect(new Set(ids).size).toBe(1);
    expect([await recoveries(gw, 'recovered'), await recoveries(gw, 'adopted')]).toEqual([1, 1]);
    await vi.waitFor(
      () => expect(place.received.filter(({ method }) => method === 'DELETE')).toHaveLength(1),
      {
        timeout: 5000,
      },
    );
  });
});

describe('a call on a connection that breaks', () => {
  it('is sent again only where that is safe', async () => {
    const gw = await gateway(yaml('always'));
    const client = await connect(gw);
    const reset = await client.call('reset-before', { nonce: 'safe' });
    expect(reset.status).toBe(502);
    expect(client.home.nonces()).toEqual(['safe', 'safe']);
    client.home.next('reset-before');
    expect((await client.call('write', { nonce: 'unsafe' })).status).toBe(502);
    expect(client.home.nonces()).toEqual(['safe', 'safe', 'unsafe']);
    expect((await client.call('ok')).status).toBe(200);
    expect(await recoveries(gw, 'recovered')).toBe(0);
  });

  it('is sent again also where it has met nobody before', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    await client.home.refuse();
    other(client).next('reset-before');
    expect((await client.call('ok')).status).toBe(200);
    expect(other(client).calls()).toHaveLength(2);
  });

  it('is not sent again for long where what is sent again hangs', async () => {
    // So many that the budget allows many retries.
    const GOOD = 100;
    const seen = new Set<unknown>();
    const up = await startScripted(({ message }, response) => {
      const { method, id } = message ?? {};
      if (method === 'tools/call' && Number(id) > GOOD) {
        if (!seen.has(id)) response.socket?.resetAndDestroy();
        seen.add(id);
        return;
      }
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 's', version: '1' },
      };
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'up-1' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
    onTestFinished(() => up.close());
    const gw =
      await gateway(`pools: [{ name: a, era: legacy, endpoints: [{ url: "${up.url}" }], timeout: 150ms,
      outlier: { max_ejected_percent: 0 }, tools: [{ match: "*", retry: safe }] }]\n`);
    const hello = await rawCall(gw.at(), initializeRequest().body);
    const session = String(hello.headers['mcp-session-id']);
    for (let id = 1; id <= GOOD + 12; id++) {
      const { body, headers } = legacyRequest('tools/call', { name: 'read' }, id, session);
      expect((await rawCall(gw.at(), body, headers)).status >= 500).toBe(id > GOOD);
    }
    const sent = up.received.filter(({ message }) => Number(message?.id) > GOOD).length;
    // Three that fail are free, and each call earns a fifth of another one.
    expect(sent).toBeLessThanOrEqual(12 + 3 + 3);
  });

  it.each([
    ['attempts that there may be', '{ attempts: 1, budget_percent: 100 }', 0],
    ['budget of its pool’s retries', '{ budget_percent: 0 }', 0],
    ['three retries that are always allowed', '{ budget_percent: 1 }', 3],
  ])('stays within the %s', async (_what, retry, retries) => {
    const gw = await gateway(
      `${yaml('always')}    retry: ${retry}\n    outlier: { max_ejected_percent: 0 }\n`,
    );
    const client = await connect(gw);
    for (let i = 0; i < 10; i++) expect((await client.call('reset-before')).status).toBe(502);
    expect(client.home.calls()).toHaveLength(10 + retries);
    expect((await gw.metric('mcp_gateway_retries_total')) ?? 0).toBe(retries);
    expect((await client.call('ok')).status).toBe(200);
  });
});

describe('an endpoint that leaves the configuration', () => {
  it('hands its sessions on', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    gw.rewrite(yaml('auto', '', [other(client).url]));
    expect((await gw.reload('signal')).ok).toBe(true);
    expect((await client.call('ok')).status).toBe(200);
    expect(await recoveries(gw, 'recovered')).toBe(1);
  });

  it('is told that a session has ended there, once its calls are through', async () => {
    const gw = await gateway(yaml('always'));
    const client = await connect(gw);
    const release = Promise.withResolvers<void>();
    client.home.hold = ({ nonce }) => (nonce === 'held' ? release.promise : undefined);
    const arrived = client.home.nextReceived(({ nonce }) => nonce === 'held');
    const held = client.call('write', { nonce: 'held' });
    await arrived;
    gw.rewrite(yaml('always', '', [other(client).url]));
    expect((await gw.reload('signal')).ok).toBe(true);
    expect((await client.call('ok')).status).toBe(200);
    expect(client.home.sessions.size).toBe(1);
    release.resolve();
    expect((await held).status).toBe(200);
    await vi.waitFor(() => expect(client.home.sessions.size).toBe(0), { timeout: 5000 });
    expect((await client.call('ok')).status).toBe(200);
  });

  it('loses its sessions when nothing is left', async () => {
    const gw = await gateway(yaml('auto'));
    const client = await connect(gw);
    for (const up of ups) await up.refuse();
    expect((await client.call('ok')).status).toBe(404);
    await vi.waitFor(async () => expect(await recoveries(gw, 'failed')).toBe(1), { timeout: 10_000 });
  });
});

describe('several gateways with the same keys and nothing shared', () => {
  const keys = 'session_keys: ["40ec60f7650953492a91e178c7681f0f3dde2963ffe6bb25c8fc675bbd8d9d9a"]\n';

  it('know too little of each other to recover under auto, and recover one after another under always', async () => {
    for (const [mode, status] of [
      ['auto', 404],
      ['always', 200],
    ] as const) {
      const [a, b] = [await gateway(yaml(mode, keys)), await gateway(yaml(mode, keys))];
      const client = await connect(a);
      const elsewhere = new SessionClient(client.id, client.home, b.at());
      await client.home.refuse();
      expect((await client.call('ok')).status).toBe(status);
      expect((await elsewhere.call('ok')).status).toBe(status);
      await client.home.listen();
    }
  });
});
