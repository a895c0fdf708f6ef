// Reloads and ejections: a server that answers checks and fails calls is not let back by a change of its pool.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

let bad: FaultUpstream;
let good: FaultUpstream;
let gw: TestGateway;

function fileOf(timeout: string): string {
  const endpoints = [bad, good].map(({ url }) => `{ url: "${url}" }`).join(', ');
  return `pools:
  - { name: a, endpoints: [${endpoints}], balance: round_robin, connect_timeout: ${timeout}, health: { interval: 100ms } }
`;
}

async function call(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const { body, headers } = modernRequest('tools/call', { name: 'write', arguments: {} });
    await rawCall(gw.at(), body, headers);
  }
}

beforeEach(async () => {
  [bad, good] = [await startFaults(), await startFaults()];
  gw = await startGateway(fileOf('3s'));
});

afterEach(async () => {
  await gw.stop(500);
  for (const up of [bad, good]) await up.close();
});

it('an ejection outlives a reload that changes the pool, and checks that pass', async () => {
  bad.on('tools/call', 'status-500');
  await call(10);
  expect(await gw.metric('mcp_gateway_endpoint_ejected')).toBe(1);
  const failed = bad.calls().length;
  const asked = bad.received.length;
  gw.rewrite(fileOf('4s'));
  expect(await gw.reload('signal')).toMatchObject({ changed: ['pools[a].connect_timeout'] });
  // It is asked again only once the check before has passed.
  await expect.poll(() => bad.received.length, { timeout: 10_000 }).toBeGreaterThan(asked + 3);
  await call(10);
  expect(bad.calls()).toHaveLength(failed);
  expect(await gw.metric('mcp_gateway_endpoint_ejected')).toBe(1);
});
