// Reopening: one endpoint that is slow, or hangs, keeps no session from going on at another, and is left with none.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest } from '../support/message.ts';
import { SessionClient } from '../support/session-client.ts';

let ups: FaultUpstream[];
let gw: TestGateway;
let stopped: Promise<void> | undefined;

beforeEach(async () => {
  ups = await Promise.all(['one', 'two', 'three'].map((name) => startFaults({ sessions: true, name })));
  stopped = undefined;
  gw = await startGateway(`pools:
  - name: a
    session_recovery: always
    endpoints: [${ups.map(({ url }) => `{ url: "${url}" }`).join(', ')}]
`);
});

afterEach(async () => {
  await (stopped ?? gw.stop(1000));
  for (const up of ups) await up.close();
});

/** A session whose home has gone. */
async function orphan(): Promise<SessionClient> {
  const hello = initializeRequest();
  const { headers } = await rawCall(gw.at(), hello.body, hello.headers);
  const home = ups.find((up) => up.sessions.size > 0) as FaultUpstream;
  await home.refuse();
  return new SessionClient(String(headers['mcp-session-id']), home, gw.at());
}

/** Holds the answers of the first `count` servers that are asked for a session until they are woken, the first one first. */
function hang(count: number): { asked: Promise<FaultUpstream>; wake: () => void }[] {
  const hung = Array.from({ length: count }, () => ({
    asked: Promise.withResolvers<FaultUpstream>(),
    woken: Promise.withResolvers<void>(),
  }));
  let next = 0;
  for (const up of ups) {
    up.hold = ({ message }) => {
      const place = message?.method === 'initialize' ? hung[next++] : undefined;
      place?.asked.resolve(up);
      return place?.woken.promise;
    };
  }
  return hung.map(({ asked, woken }) => ({ asked: asked.promise, wake: woken.resolve }));
}

it('a session goes on at a sound endpoint where another one hangs, and the late one is ended', async () => {
  const client = await orphan();
  const [first] = hang(1);
  const call = client.call('ok');
  const hung = await first?.asked;
  expect((await call).status).toBe(200);
  expect(hung?.sessions.size).toBe(0);
  first?.wake();
  await vi.waitFor(() => expect(hung?.received.at(-1)?.method).toBe('DELETE'), { timeout: 5000 });
  expect(hung?.sessions.size).toBe(0);
  expect((await client.call('ok')).status).toBe(200);
});

it('an endpoint that takes its time is still heard while the next one is asked', async () => {
  const client = await orphan();
  const [slow, slower] = hang(2);
  const call = client.call('ok');
  const [home, other] = [await slow?.asked, await slower?.asked];
  slow?.wake();
  expect((await call).status).toBe(200);
  expect(home?.calls()).toHaveLength(1);
  slower?.wake();
  await vi.waitFor(() => expect(other?.received.at(-1)?.method).toBe('DELETE'), { timeout: 5000 });
  expect([home?.sessions.size, other?.sessions.size]).toEqual([1, 0]);
});

it('a stop waits a moment for what comes late, and ends it', async () => {
  const client = await orphan();
  const [first] = hang(1);
  const call = client.call('ok');
  const hung = await first?.asked;
  expect((await call).status).toBe(200);
  stopped = gw.stop(1000);
  // The last listener to close: the sockets to the servers are next.
  await vi.waitFor(() => expect(fetch(gw.adminUrl)).rejects.toThrow(), { timeout: 5000, interval: 5 });
  first?.wake();
  await stopped;
  expect(hung?.received.map(({ method }) => method)).toContain('DELETE');
  expect(hung?.sessions.size).toBe(0);
});
