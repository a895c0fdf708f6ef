// Servers that know one older revision only, as those do whose SDK is of its time: they refuse every other in a header.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connectV1, rawCall } from '../support/clients.ts';
import { type FaultUpstreamOptions, startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { startSdk20250618 } from '../support/sdk-of-2025-06-18.ts';

async function start(options: FaultUpstreamOptions, others: readonly string[] = []) {
  const old = await startFaults({ era: 'legacy', sessions: true, ...options });
  const gateway = await startGateway({
    pools: [
      {
        name: 'old',
        endpoints: [old.url, ...others].map((url) => ({ url })),
        health: { interval: '100ms', unhealthy_after: 1 },
      },
    ],
  });
  let stopped: Promise<unknown> | undefined;
  const stop = () => (stopped ??= gateway.stop());
  onTestFinished(async () => {
    await stop();
    await old.close();
  });
  const rounds = async (method: string) => {
    const before = old.calls(method).length;
    await vi.waitFor(() => expect(old.calls(method).length).toBeGreaterThan(before + 3), { timeout: 5000 });
  };
  return { old, gateway, stop, rounds };
}

it.each(['2025-03-26', '2025-06-18'])('are checked, listed, called and left in %s', async (revision) => {
  const { old, gateway, stop, rounds } = await start({ revision });
  await rounds('ping');
  const hello = await rawCall(gateway.url, ...parts(initializeRequest()));
  expect([hello.status, hello.json]).toMatchObject([200, { result: { protocolVersion: revision } }]);
  const { body, headers } = legacyRequest(
    'tools/call',
    { name: 'ok', arguments: {} },
    7,
    String(hello.headers['mcp-session-id']),
  );
  const call = await rawCall(gateway.url, body, { ...headers, 'mcp-protocol-version': revision });
  expect(call.status).toBe(200);
  const tried = await fetch(`${gateway.adminUrl}/admin/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path: '/mcp', tool: 'ok' }),
  });
  expect(await tried.json()).toMatchObject({ status: 200, answer: { result: {} } });
  // That of the checks, that of the lists, and the client's.
  expect(old.sessions.size).toBeLessThanOrEqual(3);
  await stop();
  expect(old.sessions.size).toBeLessThanOrEqual(1);
});

it('are left no session that they opened for a question which they then refused', async () => {
  const young = await startFaults({ name: 'young' });
  onTestFinished(() => young.close());
  const { old, stop, rounds } = await start({ revision: '2025-06-18', strays: true }, [young.url]);
  await rounds('server/discover');
  await rounds('ping');
  expect(old.sessions.size).toBeLessThanOrEqual(3);
  await stop();
  expect(old.sessions.size).toBe(0);
});

it('of the official SDK are healthy, listed and called, and no session of the gateway stays there', async () => {
  const { url, sessions, close } = await startSdk20250618();
  onTestFinished(close);
  const gateway = await startGateway({
    pools: [{ name: 'old', endpoints: [{ url }], health: { interval: '100ms', unhealthy_after: 1 } }],
  });
  const { client, close: leave } = await connectV1(gateway.url);
  for (let i = 0; i < 5; i++) {
    expect((await client.listTools()).tools).toMatchObject([{ name: 'where' }]);
    expect(await client.callTool({ name: 'where', arguments: {} })).toMatchObject({
      content: [{ text: 'here' }],
    });
    await delay(200);
  }
  await leave();
  await gateway.stop();
  expect([...sessions.keys()]).toEqual([]);
});

function parts({ body, headers }: ReturnType<typeof initializeRequest>) {
  return [body, headers] as const;
}
