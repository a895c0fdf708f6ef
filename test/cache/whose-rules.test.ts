// Rules that a kept answer must not go round: a client's own size, and what a call inside a batch invalidates.
import { afterEach, expect, it } from 'vitest';
import type { OnCall } from '../support/gated-upstream.ts';
import { ALICE, BOB, CacheRig } from './cache-rig.ts';

const rigs: CacheRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function start(onCall: OnCall, tools: object[], more: Record<string, unknown> = {}): Promise<CacheRig> {
  const rig = await CacheRig.start({ tools }, onCall, more);
  rigs.push(rig);
  return rig;
}

it('a result kept for all is not served whole to a client that may get less', async () => {
  const rig = await start(
    (call) => call.text('x'.repeat(5000)),
    [{ match: 'look', cache: { ttl: '60s', scope: 'public' } }],
    {
      clients: [
        { id: 'alice', api_key: ALICE },
        { id: 'bob', api_key: BOB, response_chars: 700 },
      ],
    },
  );
  const whole = await rig.modern('look', {}, { key: ALICE });
  expect(whole.said).toHaveLength(5000);
  expect((await rig.modern('look', {}, { key: ALICE })).cached).toBe('hit');
  const cut = await rig.modern('look', {}, { key: BOB });
  expect(cut.cached).toBeUndefined();
  expect(cut.said?.length).toBeLessThanOrEqual(700);
});

it('a call in a batch invalidates what it would invalidate alone', async () => {
  let calls = 0;
  const rig = await start(
    (call) => call.text(`answer ${++calls}`),
    [
      { match: 'read', cache: { ttl: '60s', tags: ['schema'] } },
      { match: 'change', invalidates: ['schema'] },
    ],
  );
  const before = await rig.modern('read', {});
  expect((await rig.modern('read', {})).said).toBe(before.said);
  const change = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'change', arguments: {} } };
  await rig.send([change], {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-03-26',
    'x-api-key': ALICE,
  });
  const after = await rig.modern('read', {});
  expect(after.cached).toBeUndefined();
  expect(after.said).not.toBe(before.said);
});
