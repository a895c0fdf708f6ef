// Streams that a hung server never begins: they have no time limit of their own, and are not left waiting for ever.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, modernRequest } from '../support/message.ts';

let ups: [FaultUpstream, FaultUpstream];
let gw: TestGateway;

beforeEach(async () => {
  ups = [await startFaults({ sessions: true }), await startFaults({ sessions: true })];
  for (const up of ups) up.on('subscriptions/listen', 'quiet-sse');
  const endpoints = ups.map(({ url }) => `{ url: "${url}" }`).join(', ');
  gw = await startGateway(`pools:
  - name: a
    balance: round_robin
    session_recovery: never
    endpoints: [${endpoints}]
    health: { interval: 300ms, timeout: 300ms, unhealthy_after: 1 }
`);
  // A server that has not been asked yet gets nothing stateless while others have answered.
  const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
  for (const up of ups) {
    while (up.calls().length === 0) await rawCall(gw.at(), body, headers);
  }
});

afterEach(async () => {
  await gw.stop(500);
  for (const up of ups) await up.close();
});

/** From now on it answers nothing, its checks included. */
function hang(up: FaultUpstream): void {
  for (const method of ['GET', 'ping', 'initialize', 'server/discover', 'subscriptions/listen'])
    up.on(method, 'hang');
}

it('a stream of changes that a hung server does not begin is refused', async () => {
  hang(ups[0]);
  const { body, headers } = modernRequest('subscriptions/listen');
  const streams = await Promise.all([1, 2].map(() => openEventStream(gw.at(), body, headers)));
  expect(streams.map(({ status }) => status).sort()).toEqual([200, 503]);
  for (const stream of streams) stream.leave();
});

it('the stream of a session is refused, before and after its server was found to hang', async () => {
  const [a, b] = [await open(), await open()];
  for (const up of ups) hang(up);
  const answers = await Promise.all([a, b].map((id) => get(id)));
  expect(answers.map(({ status }) => status)).toEqual([503, 503]);
  expect((await get(a)).json).toMatchObject({ error: { data: { reason: 'no_endpoint' } } });
});

async function open(): Promise<string> {
  const { headers } = await rawCall(gw.at(), initializeRequest().body);
  return String(headers['mcp-session-id']);
}

function get(id: string) {
  return rawCall(
    gw.at(),
    undefined,
    { 'mcp-session-id': id, accept: 'text/event-stream' },
    { method: 'GET' },
  );
}
