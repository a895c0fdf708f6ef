// Calls that clients cancel with a notification: they hold no slot for an answer that nobody will send.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectV1, rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';

let up: FaultUpstream;
let gw: TestGateway;

beforeEach(async () => {
  up = await startFaults({ sessions: true });
  gw = await startGateway(
    `limits: { concurrency: 3, queue: { timeout: 10s } }\npools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`,
  );
});

afterEach(async () => {
  await gw.stop(500);
  await up.close();
});

async function session(): Promise<string> {
  const { headers } = await rawCall(gw.at(), initializeRequest().body);
  return String(headers['mcp-session-id']);
}

function call(id: string, tool: string, requestId: number, args: Record<string, unknown> = {}) {
  const { body, headers } = legacyRequest('tools/call', { name: tool, arguments: args }, requestId, id);
  return rawCall(gw.at(), body, headers);
}

function cancel(id: string, requestId: number) {
  const { body, headers } = legacyRequest('notifications/cancelled', { requestId }, 0, id);
  const { id: _, ...notice } = body;
  return rawCall(gw.at(), notice, headers);
}

const cancellations = () => up.calls('notifications/cancelled');

describe('a call that its client has cancelled', () => {
  it('gives its slot back, has no answer, and is no failure of its server', async () => {
    const id = await session();
    const calls = [11, 12, 13].map((requestId) => call(id, 'hang', requestId));
    await expect.poll(() => up.calls().length).toBe(3);
    const waiting = call(id, 'ok', 14);
    for (const requestId of [11, 12, 13]) expect((await cancel(id, requestId)).status).toBe(202);
    expect((await waiting).status).toBe(200);
    for (const answer of await Promise.all(calls)) expect([answer.status, answer.text]).toEqual([202, '']);
    expect(cancellations()).toHaveLength(3);
    const told = () => gw.logs().filter(({ error_type }) => error_type === 'cancelled');
    await expect.poll(() => told().length).toBe(3);
    expect(await gw.metric('mcp_gateway_refusals_total')).toBe(0);
  });

  it('ends its event stream in good order where that has begun', async () => {
    const id = await session();
    const answering = call(id, 'hang-after-sse-head', 11);
    await expect.poll(() => up.calls().length).toBe(1);
    await cancel(id, 11);
    const { status, complete, events } = await answering;
    expect([status, complete, events.filter(({ message }) => message !== undefined)]).toEqual([
      200,
      true,
      [],
    ]);
  });

  it('leaves alone what another session calls by the same id, and what is called by it later', async () => {
    const [one, other] = [await session(), await session()];
    const [cancelled, held] = [call(one, 'hang', 11), call(other, 'slow', 11)];
    await expect.poll(() => up.calls().length).toBe(2);
    await cancel(one, 11);
    const later = call(one, 'slow', 11, { ms: 1500 });
    expect((await cancelled).status).toBe(202);
    expect((await later).status).toBe(200);
    expect((await held).status).toBe(200);
  });

  it('by the official SDK makes room for its next calls', async () => {
    const { client, close } = await connectV1(gw.at());
    const stop = new AbortController();
    const calls = [1, 2, 3].map(() =>
      client
        .callTool({ name: 'hang', arguments: {} }, undefined, { signal: stop.signal })
        .catch(() => 'stopped'),
    );
    await expect.poll(() => up.calls().length).toBe(3);
    stop.abort();
    expect(await Promise.all(calls)).toEqual(['stopped', 'stopped', 'stopped']);
    await client.listTools();
    await close();
    expect(cancellations()).toHaveLength(3);
  });
});
