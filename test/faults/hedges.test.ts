// Hedged calls: whoever of two endpoints answers first is heard, whatever the other one does meanwhile.
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEventStream } from '../support/event-stream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { modernRequest } from '../support/message.ts';
import { twoUpstreams } from './two-upstreams.ts';

/** Longer than the head of a stream is held for a client that may be waiting for it, in ms. */
const LONG_MS = 5300;

describe('a hedged call', () => {
  const tools = [{ match: '*', retry: 'safe', hedge: { after: '50ms', budget_percent: 100 } }];

  it('is answered by whoever is first, and the slower one is left', async () => {
    const { first, call, gateway } = await twoUpstreams({ tools });
    first.on('tools/call', 'hang');
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
    await first.calls().at(-1)?.whenAborted;
    expect((await gateway.metrics()).get('mcp_gateway_retries_total{pool="two",reason="hedge"}')).toBe(1);
  });

  it('is not hedged where it is not safe', async () => {
    const hedged = [{ match: '*', hedge: { after: '50ms' } }];
    const { first, second, call } = await twoUpstreams({ timeout: '300ms', tools: hedged });
    first.on('tools/call', 'hang');
    expect(await call('write')).toMatchObject({ status: 504 });
    expect(second.calls()).toEqual([]);
  });

  it('is not hedged when its retry has taken the last attempt that it may have', async () => {
    const { first, second, call } = await twoUpstreams({
      tools,
      retry: { attempts: 2, budget_percent: 100 },
    });
    first.on('tools/call', 'reset-before');
    second.on('tools/call', 'slow');
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
    expect([first.calls().length, second.calls().length]).toEqual([1, 1]);
  });

  it('survives the failure of one of the two', async () => {
    const { first, second, call } = await twoUpstreams({ tools });
    first.on('tools/call', 'slow');
    second.on('tools/call', 'reset-before');
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'first' });
  });

  it.each(['hang-after-sse-head', 'quiet-sse', 'hang-mid-sse'])(
    'is not won by an endpoint whose stream has come no further than %s',
    async (fault) => {
      const { first, call } = await twoUpstreams({ tools });
      first.on('tools/call', fault);
      expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
      await first.calls().at(-1)?.whenAborted;
    },
  );

  it('is not won by the head of a stream either where the other endpoint takes long', async () => {
    const { first, second, call } = await twoUpstreams({ tools });
    first.on('tools/call', 'hang-after-sse-head');
    second.hold = () => setTimeout(LONG_MS);
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
  }, 15_000);

  it('is hedged also where the head of a stream has long come', async () => {
    const late = [{ match: '*', retry: 'safe', hedge: { after: `${LONG_MS}ms`, budget_percent: 100 } }];
    const { first, call } = await twoUpstreams({ tools: late });
    first.on('tools/call', 'hang-after-sse-head');
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
  }, 15_000);

  it('keeps the head of a stream no longer than others do where it was sent again once there was room', async () => {
    const late = [{ match: '*', retry: 'safe', hedge: { after: '2s', budget_percent: 100 } }];
    const { first, second, call, gateway } = await twoUpstreams({ tools: late, max_in_flight: 1 });
    const [atFirst, atSecond] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    first.hold = () => atFirst.promise;
    second.hold = () => atSecond.promise;
    const others = [call('write'), call('write')];
    await expect.poll(() => [first.calls().length, second.calls().length]).toEqual([1, 1]);
    atFirst.resolve();
    await others[0];
    first.on('tools/call', 'reset-before');
    second.on('tools/call', 'quiet-sse');
    const { body, headers } = modernRequest('tools/call', { name: 'read_x' });
    const opening = openEventStream(gateway.url, body, headers);
    await expect.poll(() => first.calls().length).toBe(2);
    atSecond.resolve();
    await others[1];
    const stream = await opening;
    expect(stream.text()).not.toContain('data:');
    stream.leave();
  }, 15_000);

  it('ends in an error when both streams break off', async () => {
    const { first, second, call } = await twoUpstreams({ tools });
    first.on('tools/call', 'hang-after-sse-head');
    second.on('tools/call', 'sse-head-then-reset');
    const answer = call('read_x');
    await second.nextCall();
    first.on('tools/call', undefined);
    await first.refuse();
    expect(await answer).toMatchObject({ status: 502, reason: 'upstream_failed' });
  });
});

describe('of three endpoints', () => {
  const retry = { attempts: 3, budget_percent: 100 };
  const tools = [{ match: '*', retry: 'safe', hedge: { after: '50ms', budget_percent: 100 } }];

  it('the one that failed is not asked again when its hedge fails too', async () => {
    const { first, second, third, call } = await threeUpstreams({ tools, retry });
    first.on('tools/call', 'reset-before');
    second.on('tools/call', 'reset-before');
    const hedged = second.nextCall();
    first.hold = () => hedged.then(() => undefined);
    second.hold = () => setTimeout(100);
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'third' });
    expect([first.calls().length, second.calls().length, third.calls().length]).toEqual([1, 1, 1]);
  });

  it('the one that failed is not asked again to hedge its retry', async () => {
    const { first, second, third, call } = await threeUpstreams({ tools, retry });
    first.on('tools/call', 'reset-before');
    second.on('tools/call', 'hang');
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'third' });
    expect([first.calls().length, second.calls().length, third.calls().length]).toEqual([1, 1, 1]);
  });

  it('one that a retry cannot reach takes no attempt from it', async () => {
    const { first, second, call, gateway } = await threeUpstreams({
      retry: { attempts: 2, budget_percent: 100 },
    });
    second.on('tools/call', 'reset-before');
    await first.refuse();
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'third' });
    const retries = await gateway.metrics();
    for (const reason of ['connect', 'reset']) {
      expect(retries.get(`mcp_gateway_retries_total{pool="two",reason="${reason}"}`)).toBe(1);
    }
  });
});

/** Two upstreams and a third one, asked in this order. */
async function threeUpstreams(pool: Record<string, unknown>) {
  const third = await startFaults({ name: 'third' });
  onTestFinished(() => third.close());
  const rig = await twoUpstreams(pool, (second, first) => [
    { url: first, weight: 1000 },
    { url: second, weight: 100 },
    { url: third.url },
  ]);
  return { ...rig, third };
}
