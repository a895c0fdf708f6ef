// Sessions that their clients end while they are being recovered: they stay ended, and nothing is left of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { Received } from '../support/faults/received.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest } from '../support/message.ts';
import { SessionClient } from '../support/session-client.ts';

let ups: [FaultUpstream, FaultUpstream];
let gw: TestGateway;
let client: SessionClient;

beforeEach(async () => {
  ups = [await startFaults({ sessions: true }), await startFaults({ sessions: true })];
});

afterEach(async () => {
  await gw.stop(500);
  for (const up of ups) await up.close();
});

async function start(mode: string): Promise<void> {
  gw = await startGateway(`pools:
  - name: a
    session_recovery: ${mode}
    endpoints: [${ups.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
    tools: [{ match: ok, retry: safe }]
    health: { interval: 200ms, unhealthy_after: 1 }
`);
  const { headers } = await rawCall(gw.at(), initializeRequest().body);
  const home = ups[0].sessions.size > 0 ? ups[0] : ups[1];
  client = new SessionClient(String(headers['mcp-session-id']), home, gw.at());
}

const remove = () => rawCall(gw.at(), undefined, { 'mcp-session-id': client.id }, { method: 'DELETE' });
const recoveries = (result: string) =>
  gw.metric('mcp_gateway_session_recoveries_total', `result="${result}"`);
const opensSession = ({ message }: Received) => message?.method === 'initialize';

/** Whichever server gets it, holds back the answer to what is `held`; the promise resolves when it has arrived. */
function holdBack(held: (request: Received) => boolean): { arrived: Promise<Received>; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const up of ups) up.hold = (request) => (held(request) ? promise : undefined);
  const arrivals = ups.map((up) => up.nextReceived(held));
  for (const arrival of arrivals) arrival.catch(() => undefined);
  return { arrived: Promise.any(arrivals), release: resolve };
}

/** All that servers have of it has ended. */
async function nothingIsLeft(): Promise<void> {
  await expect.poll(() => ups.flatMap(({ sessions }) => [...sessions]), { timeout: 5000 }).toEqual([]);
}

describe('a session that its client ends while it is opened anew', () => {
  const losses = {
    'has forgotten it': () => client.home.sessions.clear(),
    async 'is gone'() {
      client.home.sessions.clear();
      await client.home.refuse();
    },
    async 'is known to be gone'() {
      client.home.sessions.clear();
      await client.home.refuse();
      await expect.poll(() => gw.logs().map(({ event }) => event)).toContain('endpoint_unhealthy');
    },
  };

  it.each(
    Object.entries(losses).flatMap(([how, lose]) => [
      ['auto', 'ok', how, lose] as const,
      ['always', 'write', how, lose] as const,
    ]),
  )('stays ended: recovery %s, tool %s, and its server %s', async (mode, tool, _how, lose) => {
    await start(mode);
    await lose();
    const opening = holdBack(opensSession);
    const waiting = Promise.all([client.call(tool, { nonce: 'one' }), client.call(tool, { nonce: 'two' })]);
    await opening.arrived;
    const before = ups.flatMap((up) => up.nonces()).length;
    expect((await remove()).status).toBe(404);
    opening.release();
    const refused = [404, { error: { data: { source: 'gateway', reason: 'session_not_found' } } }];
    for (const { status, json } of await waiting) expect([status, json]).toMatchObject(refused);
    expect(ups.flatMap((up) => up.nonces())).toHaveLength(before);
    await nothingIsLeft();
    expect([await recoveries('refused'), await recoveries('recovered')]).toEqual([1, 0]);
    expect((await client.call('ok')).status).toBe(404);
  });

  it('is not looked for at a server that fails its checks once no other has opened it', async () => {
    await start('always');
    const other = client.home === ups[0] ? ups[1] : ups[0];
    for (const method of ['server/discover', 'ping']) client.home.on(method, 'status-500');
    await expect.poll(() => gw.logs().map(({ event }) => event)).toContain('endpoint_unhealthy');
    other.on('initialize', 'status-500');
    const opening = holdBack(opensSession);
    const waiting = client.call('write', { nonce: 'late' });
    await opening.arrived;
    expect((await remove()).status).toBe(200);
    opening.release();
    expect((await waiting).status).toBe(404);
    expect(ups.flatMap((up) => up.nonces())).toEqual([]);
    expect(await recoveries('failed')).toBe(1);
  });
});

describe('a session that is opened anew while its server takes its time to end it', () => {
  it('ends at the new place, too', async () => {
    await start('always');
    const ending = holdBack(({ method }) => method === 'DELETE');
    const removed = remove();
    await ending.arrived;
    client.home.sessions.clear();
    expect((await client.call('write')).status).toBe(200);
    expect(await recoveries('recovered')).toBe(1);
    ending.release();
    expect((await removed).status).toBe(404);
    await nothingIsLeft();
    expect((await client.call('ok')).status).toBe(404);
  });
});
