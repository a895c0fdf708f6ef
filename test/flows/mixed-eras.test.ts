// Pools whose servers are of different eras, as in the middle of an upgrade.
import { expect, it, onTestFinished, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, modernRequest } from '../support/message.ts';

it('serves stateless and sessionful clients, and each server as what it has become', async () => {
  const old = await startFaults({ name: 'old', era: 'legacy', sessions: true });
  const young = await startFaults({ name: 'young', era: 'dual' });
  const gateway = await startGateway({
    pools: [
      {
        name: 'mixed',
        endpoints: [{ url: old.url, weight: 100 }, { url: young.url }],
        health: { interval: '100ms' },
      },
    ],
  });
  onTestFinished(async () => {
    await gateway.stop();
    await Promise.all([old.close(), young.close()]);
  });
  const call = async () => {
    const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
    return (await rawCall(gateway.url, body, headers)).status;
  };
  const hello = async () => {
    const { body, headers } = initializeRequest();
    return (await rawCall(gateway.url, body, headers)).status;
  };
  const rounds = async (ask: () => Promise<number>) => {
    const statuses = new Set<number>();
    for (let i = 0; i < 10; i++) statuses.add(await ask());
    return [...statuses];
  };
  await vi.waitFor(async () => expect(await call()).toBe(200), { timeout: 5000 });
  await vi.waitFor(() => expect(old.calls('ping').length).toBeGreaterThan(0), { timeout: 5000 });
  const inVain = old.calls().length;
  expect(await rounds(call)).toEqual([200]);
  expect(await rounds(hello)).toEqual([200]);
  expect(old.calls().length).toBe(inVain);
  expect(old.calls('initialize').length).toBeGreaterThan(1);

  old.speak('dual');
  await vi.waitFor(
    async () => {
      expect(await call()).toBe(200);
      expect(old.calls().length).toBeGreaterThan(inVain);
    },
    { timeout: 5000 },
  );
});
