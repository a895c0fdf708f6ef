// Replies that arrive whole, sound and not, as a client on a raw connection sees them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawCall } from '../clients.ts';
import type { FaultUpstream } from '../fault-upstream.ts';
import { startFaults } from '../fault-upstream.ts';
import { bytesOfFault, callFault } from './asking.ts';

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaults({ dripMs: 5 });
});
afterEach(() => upstream.close());

describe('sound replies', () => {
  test.each(['ok', 'ok-chunked', 'slow'])('%s answers with the nonce', async (fault) => {
    const answer = await callFault(upstream.url, fault, { nonce: 'n1', ms: 1 });
    expect(answer).toMatchObject({ status: 200, complete: true, json: { id: 7 } });
    expect(answer.text).toContain('n1');
    expect(upstream.nonces()).toEqual(['n1']);
  });

  test('ok-sse answers on a stream', async () => {
    expect((await callFault(upstream.url, 'ok-sse')).events.map(({ message }) => message)).toMatchObject([
      { id: 7, result: {} },
    ]);
  });

  test('tool-error and rpc-error are answers, not failures', async () => {
    expect((await callFault(upstream.url, 'tool-error')).json).toMatchObject({
      id: 7,
      result: { isError: true },
    });
    expect((await callFault(upstream.url, 'rpc-error')).json).toMatchObject({
      id: 7,
      error: { code: -32602 },
    });
  });

  test('an id beyond what a number can hold comes back as it was written', async () => {
    const body = '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}';
    expect((await rawCall(upstream.url, body)).text).toContain('"id":9007199254740993');
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
    const answer = await callFault(upstream.url, fault);
    expect(answer).toMatchObject({ status: 200, complete: true, json: undefined });
    expect(answer.headers['content-type']).toBe(type);
  });

  test('wrong-content-type, no-content-type and invalid-utf8 are wrong about the bytes', async () => {
    expect((await callFault(upstream.url, 'wrong-content-type')).headers['content-type']).toBe('text/plain');
    expect((await callFault(upstream.url, 'no-content-type')).headers).not.toHaveProperty('content-type');
    expect((await callFault(upstream.url, 'invalid-utf8')).text).toContain('\uFFFD(');
  });

  test('extra-bytes sends a second response that was not asked for', async () => {
    expect(await bytesOfFault(upstream.url, 'extra-bytes', (text) => text.endsWith('smuggl'))).toMatch(
      /HTTP.*HTTP/s,
    );
  });

  test.each([
    ['wrong-id', 987654321],
    ['string-id', '7'],
    ['missing-id', undefined],
    ['null-id', null],
  ])('%s answers with another id', async (fault, id) => {
    expect((await callFault(upstream.url, fault)).json).toHaveProperty('result');
    expect((await callFault(upstream.url, fault)).json).not.toHaveProperty('id', 7);
    expect(((await callFault(upstream.url, fault)).json as { id?: unknown }).id).toBe(id);
  });

  test.each([
    ['duplicate-reply', [7, 7]],
    ['unknown-id-first', [987654321, 7]],
    ['wrong-id-sse', [987654321]],
  ])('%s has these ids on its stream', async (fault, ids) => {
    expect(
      (await callFault(upstream.url, fault)).events.map(({ message }) => (message as { id: number }).id),
    ).toEqual(ids);
  });
});

describe('statuses', () => {
  test.each([400, 401, 403, 404, 405, 408, 413, 429, 500, 502, 503])('status-%i', async (code) => {
    const answer = await callFault(upstream.url, `status-${code}`);
    expect(answer.status).toBe(code);
    expect('retry-after' in answer.headers).toBe(code === 429 || code === 503);
    expect('www-authenticate' in answer.headers).toBe(code === 401);
  });

  test.each(['redirect', 'redirect-metadata', 'redirect-loop'])(
    '%s is a 307 with a location',
    async (fault) => {
      const { status, headers } = await callFault(upstream.url, fault);
      expect([status, headers.location]).toEqual([307, expect.any(String)]);
    },
  );
});
