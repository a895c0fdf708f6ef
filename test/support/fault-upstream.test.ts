// Each fault does what its name says, as a client on a raw connection sees it.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawAnswer } from './clients.ts';
import { connectV1, connectV2, rawCall } from './clients.ts';
import { openEventStream } from './event-stream.ts';
import type { FaultUpstream } from './fault-upstream.ts';
import { startFaults } from './fault-upstream.ts';
import { FAULTS } from './faults/vocabulary.ts';
import { initializeRequest, legacyRequest, modernRequest } from './message.ts';

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaults({ dripMs: 5 });
});
afterEach(() => upstream.close());

function call(
  fault: string,
  args: Record<string, unknown> = {},
  id: number | string = 7,
): Promise<RawAnswer> {
  const { body, headers } = modernRequest('tools/call', { name: fault, arguments: args }, id);
  return rawCall(upstream.url, body, headers);
}

/** The raw bytes a fault sends within a moment, for what an HTTP client would hide. */
function rawBytes(fault: string, enough: (text: string) => boolean): Promise<string> {
  const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
  const bytes = JSON.stringify(body);
  const lines = Object.entries({ host: 'x', ...headers, 'content-length': bytes.length });
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(upstream.url).port), '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (enough(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(
      `POST /mcp HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    socket.write(bytes);
  });
}

describe('sound replies', () => {
  test.each(['ok', 'ok-chunked', 'slow'])('%s answers with the nonce', async (fault) => {
    const answer = await call(fault, { nonce: 'n1', ms: 1 });
    expect(answer).toMatchObject({ status: 200, complete: true, json: { id: 7 } });
    expect(answer.text).toContain('n1');
    expect(upstream.nonces()).toEqual(['n1']);
  });

  test('ok-sse answers on a stream', async () => {
    expect((await call('ok-sse')).events.map(({ message }) => message)).toMatchObject([
      { id: 7, result: {} },
    ]);
  });

  test('tool-error and rpc-error are answers, not failures', async () => {
    expect((await call('tool-error')).json).toMatchObject({ id: 7, result: { isError: true } });
    expect((await call('rpc-error')).json).toMatchObject({ id: 7, error: { code: -32602 } });
  });

  test('an id beyond what a number can hold comes back as it was written', async () => {
    const body = '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}';
    expect((await rawCall(upstream.url, body)).text).toContain('"id":9007199254740993');
  });
});

describe('connections that end early', () => {
  test.each(['reset-before', 'fin-before'])('%s ends the connection without a status line', async (fault) => {
    await expect(call(fault)).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(upstream.received[0]).toMatchObject({ fault, aborted: false });
  });

  test.each([
    'reset-mid-body',
    'content-length-short',
    'chunked-cut',
    'sse-reset-before-reply',
    'sse-cut-mid-event',
  ])('%s leaves a reply that is not complete', async (fault) => {
    expect(await call(fault)).toMatchObject({ status: 200, complete: false });
  });

  test('sse-cut-before-reply ends a stream in good order without the reply', async () => {
    const { complete, events } = await call('sse-cut-before-reply');
    expect(complete).toBe(true);
    expect(events.map(({ message }) => message)).toMatchObject([{ method: 'notifications/message' }]);
  });

  test('refuse closes the port, and listen opens the same one again', async () => {
    await upstream.refuse();
    await expect(call('ok')).rejects.toThrow('ECONNREFUSED');
    await upstream.listen();
    expect((await call('ok')).status).toBe(200);
  });

  test('reset-on-accept resets before a request is read', async () => {
    upstream.resetOnAccept(true);
    await expect(call('ok')).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
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
    expect(await call('drip')).toMatchObject({ complete: true, json: { id: 7 } });
    expect(await call('slow-headers')).toMatchObject({ complete: true, json: { id: 7 } });
    expect(upstream.received.map(({ aborted }) => aborted)).toEqual([false, false]);
  });
});

describe('unusable replies', () => {
  test.each([
    ['html-200', 'text/html'],
    ['html-as-json', 'application/json'],
    ['truncated-json', 'application/json'],
    ['empty-200', 'application/json'],
    ['nan', 'application/json'],
    ['two-documents', 'application/json'],
    ['bom', 'application/json'],
  ])('%s is no JSON', async (fault, type) => {
    const answer = await call(fault);
    expect(answer).toMatchObject({ status: 200, complete: true, json: undefined });
    expect(answer.headers['content-type']).toBe(type);
  });

  test('wrong-content-type, no-content-type and invalid-utf8 are wrong about the bytes', async () => {
    expect((await call('wrong-content-type')).headers['content-type']).toBe('text/plain');
    expect((await call('no-content-type')).headers).not.toHaveProperty('content-type');
    expect((await call('invalid-utf8')).text).toContain('\uFFFD(');
  });

  test('extra-bytes sends a second response that was not asked for', async () => {
    expect(await rawBytes('extra-bytes', (text) => text.endsWith('smuggl'))).toMatch(/HTTP.*HTTP/s);
  });

  test.each([
    ['wrong-id', 987654321],
    ['string-id', '7'],
    ['missing-id', undefined],
    ['null-id', null],
  ])('%s answers with another id', async (fault, id) => {
    expect((await call(fault)).json).toHaveProperty('result');
    expect((await call(fault)).json).not.toHaveProperty('id', 7);
    expect(((await call(fault)).json as { id?: unknown }).id).toBe(id);
  });

  test.each([
    ['duplicate-reply', [7, 7]],
    ['unknown-id-first', [987654321, 7]],
    ['wrong-id-sse', [987654321]],
  ])('%s has these ids on its stream', async (fault, ids) => {
    expect((await call(fault)).events.map(({ message }) => (message as { id: number }).id)).toEqual(ids);
  });
});

describe('statuses', () => {
  test.each([400, 401, 403, 404, 405, 408, 413, 429, 500, 502, 503])('status-%i', async (code) => {
    const answer = await call(`status-${code}`);
    expect(answer.status).toBe(code);
    expect('retry-after' in answer.headers).toBe(code === 429 || code === 503);
    expect('www-authenticate' in answer.headers).toBe(code === 401);
  });

  test.each(['redirect', 'redirect-metadata', 'redirect-loop'])(
    '%s is a 307 with a location',
    async (fault) => {
      const { status, headers } = await call(fault);
      expect([status, headers.location]).toEqual([307, expect.any(String)]);
    },
  );
});

describe('floods', () => {
  test.each([
    'huge-body',
    'huge-body-declared',
    'infinite-sse-comments',
    'infinite-sse-events',
    'sse-endless-line',
  ])('%s goes on until the caller leaves', async (fault) => {
    const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
    const stream = await openEventStream(upstream.url, body, headers);
    await expect.poll(() => stream.text().length).toBeGreaterThan(2 ** 18);
    stream.leave();
    await upstream.received[0]?.whenAborted;
    expect(upstream.received[0]?.aborted).toBe(true);
  });

  test('gzip-bomb and nested-encoding are small on the wire', async () => {
    const bomb = await call('gzip-bomb');
    expect(bomb.headers['content-encoding']).toBe('gzip');
    expect(Number(bomb.headers['content-length'])).toBeLessThan(2 ** 17);
    expect((await call('nested-encoding')).headers['content-encoding']?.split(',')).toHaveLength(1000);
  });

  test('early-hints-flood and continue-flood come before the reply', async () => {
    let hints = 0;
    const { body, headers } = modernRequest('tools/call', { name: 'early-hints-flood', arguments: {} });
    await new Promise<void>((resolve, reject) => {
      const flooded = request(upstream.url, { method: 'POST', agent: false, headers });
      flooded.on('information', () => hints++);
      flooded.on('response', (response) => response.resume().on('end', resolve)).on('error', reject);
      flooded.end(JSON.stringify(body));
    });
    expect(hints).toBe(10_000);
    expect((await call('continue-flood')).json).toMatchObject({ id: 7 });
  });

  test('upgrade-unasked switches protocols', async () => {
    expect(await rawBytes('upgrade-unasked', () => true)).toContain('101 Switching Protocols');
  });

  test('trailers come after the body and are kept apart from the headers', async () => {
    const answer = await call('trailers');
    expect(answer).toMatchObject({ complete: true, json: { id: 7 } });
    expect(answer.headers).not.toHaveProperty('mcp-session-id');
    expect(await rawBytes('trailer-framing', (text) => text.endsWith('1\r\n\r\n'))).toContain(
      'content-length: 1',
    );
  });

  test.each([
    ['many-tools', 10_000],
    ['megabyte-description', 1],
    ['cyclic-schema', 1],
    ['cursor-loop', 1],
  ])('%s answers tools/list', async (fault, count) => {
    upstream.on('tools/list', fault);
    const { body, headers } = modernRequest('tools/list');
    const { json } = await rawCall(upstream.url, body, headers);
    expect((json as { result: { tools: unknown[] } }).result.tools).toHaveLength(count);
  });
});

describe('the script and the record', () => {
  test('a queued fault comes before the table, the table before the tool name', async () => {
    upstream.next('status-500');
    upstream.on('tools/call', 'status-503');
    expect((await call('ok')).status).toBe(500);
    expect((await call('ok')).status).toBe(503);
    upstream.on('tools/call', undefined);
    expect((await call('some_tool')).status).toBe(200);
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
});
