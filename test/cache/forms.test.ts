// Forms of results: no client gets from the cache what another revision's server would have written differently.
import { afterEach, describe, expect, it } from 'vitest';
import type { GatedCall } from '../support/gated-upstream.ts';
import { legacyRequest } from '../support/message.ts';
import type { Answer } from './cache-rig.ts';
import { ALICE, CacheRig } from './cache-rig.ts';

const rigs: CacheRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close(true);
});

/** As servers of the SDK answer: structured content that is no object is wrapped for 2025-11-25. */
function structured(call: GatedCall): void {
  const typed = call.request.headers['mcp-protocol-version'] === '2026-07-28';
  const rows = [1, 2, 3];
  call.answer({ content: [], structuredContent: typed ? rows : { result: rows } });
}

async function rig(onCall: (call: GatedCall) => void, cache: Record<string, unknown> = {}) {
  const tools = [{ match: 'look', cache: { ttl: '1m', scope: 'public' } }];
  const started = await CacheRig.start({ tools, cache }, onCall);
  rigs.push(started);
  return started;
}

/** A call by a client that agreed on this revision; undefined: it does not say. */
async function callIn(started: CacheRig, revision: string | undefined): Promise<Answer> {
  const session = await started.session(ALICE);
  const { body, headers } = legacyRequest('tools/call', { name: 'look', arguments: {} }, 1, session);
  const { 'mcp-protocol-version': _latest, ...rest } = headers;
  const said = revision === undefined ? rest : { ...rest, 'mcp-protocol-version': revision };
  return started.send(body, { ...said, 'x-api-key': ALICE });
}

describe('a result with structured content', () => {
  const typed = { structuredContent: [1, 2, 3] };
  const wrapped = { structuredContent: { result: [1, 2, 3] } };

  it('is kept for each era apart, in the form that its server gave it', async () => {
    const started = await rig(structured);
    for (const cached of [undefined, 'hit']) {
      expect(await started.modern('look', {})).toMatchObject({ cached, result: typed });
      expect(await started.legacy('look', {})).toMatchObject({ cached, result: wrapped });
    }
    expect(started.calls).toBe(2);
  });

  it('is not handed to those of the other era who wait for it', async () => {
    const held: GatedCall[] = [];
    const started = await rig((call) => void held.push(call));
    const first = started.modern('look', {});
    const session = await started.session(ALICE);
    const { body, headers } = legacyRequest('tools/call', { name: 'look', arguments: {} }, 1, session);
    const others = [
      started.modern('look', {}),
      started.send(body, { ...headers, 'x-api-key': ALICE }),
      started.send(body, { ...headers, 'x-api-key': ALICE }),
    ];
    await started.inFlight(4);
    expect(held).toHaveLength(1);
    started.upstream.onCall = structured;
    held.forEach(structured);
    const answers = await Promise.all([first, ...others]);
    expect(answers.map(({ result }) => result?.['structuredContent'])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      { result: [1, 2, 3] },
      { result: [1, 2, 3] },
    ]);
    expect(started.calls).toBe(2);
  });
});

describe('a result without structured content', () => {
  it('for a revision that knows none is no answer for a later one', async () => {
    const started = await rig((call) => call.text('x'));
    expect((await callIn(started, undefined)).cached).toBeUndefined();
    expect((await callIn(started, '2025-03-26')).cached).toBe('hit');
    expect((await callIn(started, '2025-06-18')).cached).toBeUndefined();
    expect((await callIn(started, '2025-11-25')).cached).toBe('hit');
    expect((await started.modern('look', {})).cached).toBe('hit');
  });
});

describe('a kept list', () => {
  it('of one era is none for the other, whose lists say how long they are fresh', async () => {
    const started = await rig((call) => call.text('x'), { lists: { ttl: '1m', scope: 'client' } });
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
    await started.askLegacy('resources/list', {});
    expect((await started.askLegacy('resources/list', {})).cached).toBe('hit');
    const first = await started.ask('resources/list', {});
    expect(first.cached).toBeUndefined();
    expect(await started.ask('resources/list', {})).toMatchObject({
      cached: 'hit',
      result: { cacheScope: 'private', ttlMs: expect.any(Number) },
    });
  });
});
