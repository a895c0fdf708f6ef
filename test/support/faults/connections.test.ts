// Connections that end early and replies that hang, as a client on a raw connection sees them.
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawCall } from '../clients.ts';
import { openEventStream } from '../event-stream.ts';
import type { FaultUpstream } from '../fault-upstream.ts';
import { startFaults } from '../fault-upstream.ts';
import { modernRequest } from '../message.ts';
import { callFault } from './asking.ts';

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaults({ dripMs: 5 });
});
afterEach(() => upstream.close());

describe('connections that end early', () => {
  test.each(['reset-before', 'fin-before'])('%s ends the connection without a status line', async (fault) => {
    await expect(callFault(upstream.url, fault)).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(upstream.received[0]).toMatchObject({ fault, aborted: false });
  });

  test.each([
    'reset-mid-body',
    'content-length-short',
    'chunked-cut',
    'sse-reset-before-reply',
    'sse-cut-mid-event',
  ])('%s leaves a reply that is not complete', async (fault) => {
    expect(await callFault(upstream.url, fault)).toMatchObject({ status: 200, complete: false });
  });

  test('sse-cut-before-reply ends a stream in good order without the reply', async () => {
    const { complete, events } = await callFault(upstream.url, 'sse-cut-before-reply');
    expect(complete).toBe(true);
    expect(events.map(({ message }) => message)).toMatchObject([{ method: 'notifications/message' }]);
  });

  test('ok-then-fin answers, and closes a connection that was to be kept', async () => {
    const agent = new Agent({ keepAlive: true });
    const { body, headers } = modernRequest('tools/call', { name: 'ok-then-fin', arguments: {} });
    const answer = await rawCall(upstream.url, body, headers, { agent });
    expect(answer).toMatchObject({ complete: true, json: { id: 1 } });
    expect(answer.headers).not.toHaveProperty('connection');
    await expect.poll(() => upstream.connections).toBe(0);
    agent.destroy();
  });

  test('reset-reused resets a connection at its second request, and answers the first', async () => {
    const agent = new Agent({ keepAlive: true });
    upstream.resetReused(true);
    const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: { nonce: 'n' } });
    expect((await rawCall(upstream.url, body, headers, { agent })).status).toBe(200);
    await expect(rawCall(upstream.url, body, headers, { agent })).rejects.toThrow('ECONNRESET');
    expect(upstream.received.map(({ connection }) => connection)).toEqual([1, 1]);
    agent.destroy();
  });

  test('a request that is cut short is counted and not kept', async () => {
    const socket = connect(Number(new URL(upstream.url).port), '127.0.0.1');
    socket.end('POST /mcp HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"json');
    socket.resume();
    await expect.poll(() => upstream.requestsCutShort).toBe(1);
    expect(upstream.received).toEqual([]);
  });

  test('refuse closes the port, and listen opens the same one again', async () => {
    await upstream.refuse();
    await expect(callFault(upstream.url, 'ok')).rejects.toThrow('ECONNREFUSED');
    await upstream.listen();
    expect((await callFault(upstream.url, 'ok')).status).toBe(200);
  });

  test('reset-on-accept resets before a request is read', async () => {
    upstream.resetOnAccept(true);
    await expect(callFault(upstream.url, 'ok')).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(upstream.received).toEqual([]);
    expect(upstream.connectionsAccepted).toBe(1);
  });
});

describe('replies that hang', () => {
  test.each(['hang', 'hang-mid-headers'])(
    '%s sends no whole head, and sees the caller leave',
    async (fault) => {
      const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
      const leaving = new AbortController();
      const answer = rawCall(upstream.url, body, headers, { signal: leaving.signal });
      const arrived = await upstream.nextReceived();
      leaving.abort();
      await expect(answer).rejects.toThrow('aborted');
      await arrived.whenAborted;
      expect(arrived.aborted).toBe(true);
    },
  );

  test.each(['hang-mid-body', 'hang-mid-sse'])(
    '%s starts a reply, and sees the caller leave',
    async (fault) => {
      const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
      const stream = await openEventStream(upstream.url, body, headers);
      await expect.poll(stream.text).not.toBe('');
      stream.leave();
      await upstream.received[0]?.whenAborted;
      expect(upstream.received[0]?.aborted).toBe(true);
    },
  );

  test('drip and slow-headers answer, in small pieces', async () => {
    expect(await callFault(upstream.url, 'drip')).toMatchObject({ complete: true, json: { id: 7 } });
    expect(await callFault(upstream.url, 'slow-headers')).toMatchObject({ complete: true, json: { id: 7 } });
    expect(upstream.received.map(({ aborted }) => aborted)).toEqual([false, false]);
  });
});
