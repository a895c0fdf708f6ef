// An upstream whose process hangs: it is found by its silence, long before any call has waited for its whole timeout.
import { describe, expect, it } from 'vitest';
import { twoUpstreams } from './two-upstreams.ts';

describe('calls that wait for an upstream that answers nothing any more', () => {
  it('go elsewhere where that is safe, and the others wait on; new calls go elsewhere', async () => {
    const { first, second, call, gateway } = await twoUpstreams({
      health: { interval: '1h', timeout: '200ms' },
      timeout: '5s',
    });
    for (const method of ['tools/call', 'server/discover', 'ping']) first.on(method, 'hang');
    const [safe, unsafe] = [call('read_x', 'safe'), call('write', 'unsafe')];
    expect(await safe).toMatchObject({ status: 200, from: 'second' });
    expect((await gateway.metrics()).get('mcp_gateway_retries_total{pool="two",reason="timeout"}')).toBe(1);
    expect(await call('write', 'later')).toMatchObject({ status: 200, from: 'second' });
    expect(await unsafe).toMatchObject({ status: 504, reason: 'timeout' });
    expect([first.nonces().toSorted(), second.nonces()]).toEqual([
      ['safe', 'unsafe'],
      ['safe', 'later'],
    ]);
  });

  it('go elsewhere also when the head of an event stream has come, and when they have not been sent', async () => {
    const { first, second, call } = await twoUpstreams({
      health: { interval: '1h', timeout: '200ms' },
      connections: 1,
      timeout: '10s',
    });
    first.on('tools/call', 'hang-after-sse-head');
    for (const method of ['server/discover', 'ping']) first.on(method, 'hang');
    const safe = call('read_x', 'safe');
    await first.nextCall();
    const unsent = call('write', 'unsent');
    expect(await safe).toMatchObject({ status: 200, from: 'second' });
    expect(await unsent).toMatchObject({ status: 200, from: 'second' });
    expect(first.nonces()).toEqual(['safe']);
    expect(second.nonces().toSorted()).toEqual(['safe', 'unsent']);
  });

  it('stay where they are when it only takes its time: it answers checks', async () => {
    const { first, second, call } = await twoUpstreams({ timeout: '2s' });
    first.on('tools/call', 'hang');
    expect(await call('read_x')).toMatchObject({ status: 504 });
    expect([first.calls().length, second.calls().length]).toEqual([1, 0]);
  });
});
