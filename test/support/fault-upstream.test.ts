// The script and the record of the scripted upstream, and what it says while nothing is wrong.
import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectV1, connectV2, rawCall } from './clients.ts';
import type { FaultUpstream } from './fault-upstream.ts';
import { startFaults } from './fault-upstream.ts';
import { callFault } from './faults/asking.ts';
import { FAULTS } from './faults/vocabulary.ts';
import { initializeRequest, legacyRequest } from './message.ts';

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaults({ dripMs: 5 });
});
afterEach(() => upstream.close());

describe('the script and the record', () => {
  test('a queued fault comes before the table, the table before the tool name', async () => {
    upstream.next('status-500');
    upstream.on('tools/call', 'status-503');
    expect((await callFault(upstream.url, 'ok')).status).toBe(500);
    expect((await callFault(upstream.url, 'ok')).status).toBe(503);
    upstream.on('tools/call', undefined);
    expect((await callFault(upstream.url, 'some_tool')).status).toBe(200);
    expect(() => upstream.next('no-such-fault')).toThrow('no fault named no-such-fault');
  });

  test('a request is kept with its raw headers, its bytes and its connection', async () => {
    const agent = new Agent({ keepAlive: true });
    const body = '{"jsonrpc":"2.0",  "id":1,"method":"ping"}';
    await rawCall(upstream.url, body, { 'X-Odd': 'Spelling' }, { agent });
    await rawCall(upstream.url, body, {}, { agent });
    agent.destroy();
    const [first, second] = upstream.received;
    expect(first?.rawHeaders).toContain('X-Odd');
    expect(first?.body.toString()).toBe(body);
    expect([first?.connection, second?.connection]).toEqual([1, 1]);
  });

  test('it is a sound server for the official clients of both eras', async () => {
    const modern = await connectV2(upstream.url);
    const legacy = await connectV1(upstream.url);
    const names = Object.keys(FAULTS);
    expect((await modern.client.listTools()).tools.map(({ name }) => name)).toEqual(names);
    expect((await legacy.client.listTools()).tools.map(({ name }) => name)).toEqual(names);
    expect(await legacy.client.callTool({ name: 'ok' })).toHaveProperty('content');
    await modern.close();
    await legacy.close();
  });

  test('with sessions, it asks for the id that it gave, until that is gone', async () => {
    const stateful = await startFaults({ era: 'legacy', sessions: true });
    const opened = await rawCall(stateful.url, initializeRequest().body);
    const session = String(opened.headers['mcp-session-id']);
    const { body, headers } = legacyRequest('tools/list', {}, 1, session);
    expect((await rawCall(stateful.url, body, headers)).status).toBe(200);
    expect((await rawCall(stateful.url, body)).status).toBe(400);
    stateful.sessions.delete(session);
    expect((await rawCall(stateful.url, body, headers)).status).toBe(404);
    await stateful.close();
  });

  test('a GET and a notification can meet a fault too', async () => {
    upstream.on('GET', 'status-502');
    upstream.on('notifications/initialized', 'reset-before');
    expect((await rawCall(upstream.url)).status).toBe(502);
    const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
    await expect(rawCall(upstream.url, notification)).rejects.toThrow(/ECONNRESET|socket hang up/);
    upstream.on('GET', undefined);
    expect((await rawCall(upstream.url)).status).toBe(405);
  });
});
