// Replies without end, or far larger than they look, as a client on a raw connection sees them.
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawCall } from '../clients.ts';
import { openEventStream } from '../event-stream.ts';
import type { FaultUpstream } from '../fault-upstream.ts';
import { startFaults } from '../fault-upstream.ts';
import { modernRequest } from '../message.ts';
import { bytesOfFault, callFault } from './asking.ts';

let upstream: FaultUpstream;
beforeEach(async () => {
  upstream = await startFaults({ dripMs: 5 });
});
afterEach(() => upstream.close());

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
    const bomb = await callFault(upstream.url, 'gzip-bomb');
    expect(bomb.headers['content-encoding']).toBe('gzip');
    expect(Number(bomb.headers['content-length'])).toBeLessThan(2 ** 17);
    expect(
      (await callFault(upstream.url, 'nested-encoding')).headers['content-encoding']?.split(','),
    ).toHaveLength(1000);
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
    expect((await callFault(upstream.url, 'continue-flood')).json).toMatchObject({ id: 7 });
  });

  test('upgrade-unasked switches protocols', async () => {
    expect(await bytesOfFault(upstream.url, 'upgrade-unasked', () => true)).toContain(
      '101 Switching Protocols',
    );
  });

  test('trailers come after the body and are kept apart from the headers', async () => {
    const answer = await callFault(upstream.url, 'trailers');
    expect(answer).toMatchObject({ complete: true, json: { id: 7 } });
    expect(answer.headers).not.toHaveProperty('mcp-session-id');
    expect(
      await bytesOfFault(upstream.url, 'trailer-framing', (text) => text.endsWith('1\r\n\r\n')),
    ).toContain('content-length: 1');
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
