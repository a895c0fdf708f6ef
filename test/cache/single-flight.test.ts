// Single-flight at a running gateway: equal calls at the same time are fetched once, and nobody waits in vain.
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatedCall, OnCall } from '../support/gated-upstream.ts';
import { legacyRequest, modernRequest } from '../support/message.ts';
import { ALICE, BOB, CacheRig } from './cache-rig.ts';

const rigs: CacheRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

/** A rig whose calls are held until a test answers them. */
async function rig(cache: Record<string, unknown> = {}, pool: Record<string, unknown> = {}) {
  const waiting: ((call: GatedCall) => void)[] = [];
  const arrived: GatedCall[] = [];
  let always: string | undefined;
  const onCall: OnCall = (call) => {
    if (always !== undefined) return call.text(always);
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(call);
    else waiter(call);
  };
  const tools = [{ match: 'look', cache: { ttl: '60s', ...cache } }];
  const started = await CacheRig.start({ tools, ...pool }, onCall);
  rigs.push(started);
  const next = (): Promise<GatedCall> =>
    new Promise((resolve, reject) => {
      const call = arrived.shift();
      if (call !== undefined) return resolve(call);
      const timer = setTimeout(() => reject(new Error('no call within 5 s')), 5000);
      waiting.push((late) => {
        clearTimeout(timer);
        resolve(late);
      });
    });
  const answerAll = (text: string) => {
    always = text;
    for (const call of arrived.splice(0)) call.text(text);
  };
  return {
    started,
    next,
    answerAll,
    look: (id = 1, key = ALICE) => started.modern('look', { a: 1 }, { id, key }),
  };
}

/** A call whose client can hang up. */
function hangingCall(url: string, { body, headers }: ReturnType<typeof modernRequest>, key: string) {
  const req = request(url, {
    method: 'POST',
    agent: false,
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': key,
    },
  });
  req.on('error', () => {});
  req.end(JSON.stringify(body));
  return () => req.destroy();
}

describe('equal calls at the same time', () => {
  it('are one call upstream, and each gets the answer under its own id', async () => {
    const { started, next, look } = await rig();
    const answers = Array.from({ length: 20 }, (_, id) => look(id));
    const call = await next();
    await started.inFlight(20);
    call.text('once');
    const got = await Promise.all(answers);
    expect(got.map(({ id, said }) => [id, said])).toEqual(got.map((_, id) => [id, 'once']));
    expect(got.filter(({ cached }) => cached === 'coalesced')).toHaveLength(19);
    expect(got.filter(({ cacheStatus }) => cacheStatus === 'mcp-gateway; fwd=miss; collapsed')).toHaveLength(
      19,
    );
    expect(started.calls).toBe(1);
  });

  it('are not mixed between clients', async () => {
    const { started, next, look } = await rig();
    const alice = look(1, ALICE);
    const bob = look(1, BOB);
    (await next()).text('one');
    (await next()).text('two');
    expect((await alice).said).not.toBe((await bob).said);
    expect(started.calls).toBe(2);
  });

  it('go on when the client of the first hangs up', async () => {
    const { started, next, look } = await rig();
    const url = started.gateways[0]?.url as string;
    const hangUp = hangingCall(
      url,
      modernRequest('tools/call', { name: 'look', arguments: { a: 1 } }),
      ALICE,
    );
    const call = await next();
    const others = [look(2), look(3)];
    await started.inFlight(3);
    hangUp();
    await started.inFlight(3);
    call.text('still');
    expect((await Promise.all(others)).map(({ said }) => said)).toEqual(['still', 'still']);
    expect(started.calls).toBe(1);
  });

  it('go on anew when the client of the first cancels it, for its server has stopped', async () => {
    const { started, next } = await rig({ ttl: '1ms', stale_if_error: '1m' });
    const session = await started.session(ALICE);
    const before = started.legacy('look', { a: 1 }, { id: 0 });
    (await next()).text('stale');
    await before;
    const first = started.legacy('look', { a: 1 }, { id: 1 });
    const cancelled = await next();
    const other = started.legacy('look', { a: 1 }, { id: 2 });
    await started.inFlight(2);
    const notice = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    const { headers } = legacyRequest('ping', {}, 0, session);
    expect((await started.send(notice, { ...headers, 'x-api-key': ALICE })).status).toBe(202);
    (await next()).text('anew');
    expect((await other).said).toBe('anew');
    // It goes on all the same, as its server may.
    cancelled.text('late');
    expect((await first).said).toBe('late');
  });

  it('end upstream when the last of their clients hangs up', async () => {
    const { started, next } = await rig();
    const url = started.gateways[0]?.url as string;
    const message = modernRequest('tools/call', { name: 'look', arguments: { a: 1 } });
    const first = hangingCall(url, message, ALICE);
    const call = await next();
    const second = hangingCall(url, message, ALICE);
    await started.inFlight(2);
    const closed = new Promise((resolve) => call.response.once('close', resolve));
    first();
    second();
    await closed;
    expect(call.response.writableFinished).toBe(false);
  });

  it('are handed on one at a time when a fetch fails, and to more when it fails again', async () => {
    const { started, next, look } = await rig();
    const answers = Array.from({ length: 8 }, (_, id) => look(id));
    const first = await next();
    await started.inFlight(8);
    first.response.destroy();
    const second = await next();
    expect(started.calls).toBe(2);
    second.response.destroy();
    const third = await next();
    const fourth = await next();
    expect(started.calls).toBe(4);
    fourth.text('its own');
    third.text('at last');
    const got = await Promise.all(answers);
    const failed = got.filter(({ status }) => status === 502);
    expect(failed.map(({ cacheStatus }) => cacheStatus)).toEqual(Array(2).fill('mcp-gateway; fwd=miss'));
    const said = got.map((answer) => answer.said ?? answer.status);
    const count = (what: string | number) => said.filter((one) => one === what).length;
    expect([count('at last'), count('its own')].sort()).toEqual([1, 5]);
  });

  it('do not wait for one another once an answer was too large to keep', async () => {
    const { started, next, look } = await rig({ max_entry: '1KiB' });
    const [one, two, three] = [look(1), look(2), look(3)];
    const first = await next();
    await started.inFlight(3);
    first.text('x'.repeat(2000));
    const rest = [await next(), await next()];
    for (const call of rest) call.text('y'.repeat(2000));
    await Promise.all([one, two, three]);
    const [four, five] = [look(4), look(5)];
    for (const call of [await next(), await next()]) call.text('short');
    expect((await Promise.all([four, five])).map(({ cached }) => cached)).toEqual([undefined, undefined]);
  });

  it('wait no longer than each of them may', async () => {
    const { started, next, look } = await rig({}, { timeout: '300ms' });
    const one = look(1);
    await next();
    const two = look(2);
    await started.inFlight(2);
    expect((await one).status).toBe(504);
    expect((await two).status).toBe(504);
  });

  it('of a session survive a first client that hangs up, too', async () => {
    const { started, next } = await rig();
    const session = await started.session(ALICE);
    const url = started.gateways[0]?.url as string;
    const message = legacyRequest('tools/call', { name: 'look', arguments: { a: 1 } }, 1, session);
    const hangUp = hangingCall(url, message, ALICE);
    const call = await next();
    const other = started.legacy('look', { a: 1 }, { id: 2 });
    await started.inFlight(2);
    hangUp();
    call.text('still');
    expect((await other).said).toBe('still');
    expect(started.calls).toBe(1);
  });
});

describe('a stale result', () => {
  it('is served at once while it is fetched anew, once', async () => {
    const { next, answerAll, look } = await rig({ ttl: '1ms', stale_while_revalidate: '1m' });
    const first = look(1);
    (await next()).text('old');
    await first;
    const stale = await Promise.all([look(2), look(3)]);
    expect(stale.map(({ cached, said }) => [cached, said])).toEqual([
      ['stale', 'old'],
      ['stale', 'old'],
    ]);
    expect(stale[0]?.cacheStatus).toMatch(/^mcp-gateway; hit; ttl=(-\d+|0|-0)$/);
    (await next()).text('new');
    answerAll('new');
    const deadline = performance.now() + 5000;
    let said: string | undefined;
    while (said !== 'new' && performance.now() < deadline) said = (await look(4)).said;
    expect(said).toBe('new');
  });

  it('stands in for an upstream that fails, not for one that says no', async () => {
    const { next, look } = await rig({ ttl: '1ms', stale_if_error: '1m' });
    const first = look(1);
    (await next()).text('old');
    await first;
    const failed = look(2);
    (await next()).response.destroy();
    expect(await failed).toMatchObject({ status: 200, cached: 'stale', said: 'old' });
    const refused = look(3);
    (await next()).answer({ content: [{ type: 'text', text: 'no' }], isError: true });
    expect(await refused).toMatchObject({ cached: undefined, said: 'no' });
  });
});
