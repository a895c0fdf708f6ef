// The conformance server speaks the eras it was started for, and no other.
import { afterEach, expect, test } from 'vitest';
import { rawCall } from './clients.ts';
import type { EverythingEra } from './everything-upstream.ts';
import { startEverything } from './everything-upstream.ts';
import { initializeRequest, modernRequest } from './message.ts';

const closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

test.each<[EverythingEra, { legacy: boolean; modern: boolean }]>([
  ['legacy', { legacy: true, modern: false }],
  ['modern', { legacy: false, modern: true }],
  ['dual', { legacy: true, modern: true }],
])('started for %s, it speaks that and nothing else', async (era, speaks) => {
  const { url, close } = await startEverything({ era });
  closing.push(close);
  const opened = await rawCall(url, initializeRequest().body);
  expect(opened.headers['mcp-session-id'] !== undefined).toBe(speaks.legacy);
  const { body, headers } = modernRequest('tools/list');
  expect((await rawCall(url, body, headers)).status === 200).toBe(speaks.modern);
});
