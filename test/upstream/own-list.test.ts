// Own lists: they are asked for in sessions that are ended, whatever happens meanwhile.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';

const bound = { timeout: 5000, interval: 5 };
let ups: [FaultUpstream, FaultUpstream];
let gw: TestGateway;
let stopped: Promise<void> | undefined;
/** Lets go what is held at the first server, which is the one that is asked for the list. */
let release: () => void;

beforeEach(async () => {
  const sessionful = { era: 'legacy', sessions: true } as const;
  ups = [await startFaults(sessionful), await startFaults(sessionful)];
  stopped = undefined;
});

afterEach(async () => {
  await (stopped ?? gw.stop(1000));
  for (const up of ups) await up.close();
});

const yaml = (...endpoints: FaultUpstream[]) => `pools:
  - name: a
    era: legacy
    endpoints: [${endpoints.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
`;

/** Starts a gateway that waits for the first server, which holds what is asked by `method`; resolves when `count` are held. */
async function start(method: string, count: number): Promise<void> {
  const held = Promise.withResolvers<void>();
  release = held.resolve;
  ups[0].hold = ({ message }) => (message?.method === method ? held.promise : undefined);
  gw = await startGateway(yaml(...ups));
  await vi.waitFor(() => expect(ups[0].calls(method)).toHaveLength(count), bound);
}

const ended = () => ups[0].received.filter(({ method }) => method === 'DELETE');

it('a list that is under way when its endpoint leaves leaves no session there', async () => {
  await start('tools/list', 1);
  await vi.waitFor(() => expect(ups[0].calls('ping')).toHaveLength(1), bound);
  gw.rewrite(yaml(ups[1]));
  expect((await gw.reload('signal')).ok).toBe(true);
  // That of the checks; then nothing but the list keeps the sockets open.
  await vi.waitFor(() => expect(ended()).toHaveLength(1), bound);
  await gw.metric('mcp_gateway_endpoint_up');
  release();
  await vi.waitFor(() => expect(ended()).toHaveLength(2), bound);
  expect(ups[0].sessions.size).toBe(0);
});

it('a stop waits for no list, and leaves no session behind', async () => {
  await start('tools/list', 1);
  await vi.waitFor(() => expect(ups[0].calls('ping')).toHaveLength(1), bound);
  stopped = gw.stop(1000);
  await stopped;
  expect(ups[0].sessions.size).toBe(0);
  release();
});

it('a stop waits a moment for sessions that come late, and ends them', async () => {
  // The checks ask for a session, too.
  await start('initialize', 2);
  stopped = gw.stop(1000);
  // The last listener to close: the sockets to the servers are next.
  await vi.waitFor(() => expect(fetch(gw.adminUrl)).rejects.toThrow(), bound);
  release();
  await stopped;
  expect(ended()).toHaveLength(2);
  expect(ups[0].sessions.size).toBe(0);
});
