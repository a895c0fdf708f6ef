// Timeouts: when a call is ended, and what keeps it going.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Exchange } from '../../gateway/core/exchange.ts';
import type { Refusal } from '../../gateway/core/refusal.ts';
import type { Reply } from '../../gateway/core/reply.ts';
import { timeouts } from '../../gateway/limits/timeouts.ts';
import { makeExchange, request } from '../core/make-exchange.ts';

const limits = { timeoutMs: 1000, maxTimeoutMs: 5000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An exchange in the stage, whose handler never answers; why it was ended, once it was. */
function started(x: Exchange = makeExchange(request('tools/call')), stage = timeouts(() => limits)) {
  const ended: Refusal[] = [];
  const handler = stage((x) => {
    x.running = { cancel: (why) => ended.push(why) };
    return new Promise<Reply>(() => {});
  });
  handler(x).catch(() => {});
  return { x, ended, stage };
}

describe('a call', () => {
  it('is ended when its timeout has passed, and told how long that took', () => {
    const { ended } = started();
    vi.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toMatchObject([
      { reason: 'timeout', status: 504, message: 'The upstream server did not answer in time (1000 ms)' },
    ]);
    vi.advanceTimersByTime(60_000);
    expect(ended).toHaveLength(1);
  });

  it('goes on while it makes progress, but not beyond the absolute limit', () => {
    const { x, ended } = started();
    for (let ms = 900; ms < 5000; ms += 900) {
      vi.advanceTimersByTime(900);
      x.follower?.heard('progress');
    }
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(499);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toHaveLength(1);
  });

  it('is ended a timeout after its last progress', () => {
    const { x, ended } = started();
    vi.advanceTimersByTime(600);
    x.follower?.heard('progress');
    vi.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toHaveLength(1);
  });

  it('gains no time by other messages', () => {
    const { x, ended } = started();
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(100);
      x.follower?.heard('other');
    }
    expect(ended).toHaveLength(1);
  });

  it('waits for the client up to the absolute limit', () => {
    const { x, ended } = started();
    vi.advanceTimersByTime(500);
    x.follower?.heard('asks_client');
    vi.advanceTimersByTime(4499);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toHaveLength(1);
  });

  it.each(['progress', 'other'] as const)(
    'has its timeout again once the upstream goes on with "%s"',
    (sign) => {
      const { x, ended } = started();
      x.follower?.heard('asks_client');
      vi.advanceTimersByTime(2000);
      x.follower?.heard(sign);
      vi.advanceTimersByTime(999);
      expect(ended).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(ended).toHaveLength(1);
    },
  );

  it('counts the time before the stage into the absolute limit', () => {
    const x = makeExchange(request('tools/call'));
    vi.advanceTimersByTime(4800);
    const { ended } = started(x);
    vi.advanceTimersByTime(200);
    expect(ended).toHaveLength(1);
  });

  it('leaves no timer behind when it ends, whatever came before', () => {
    const { x, ended } = started();
    expect(vi.getTimerCount()).toBe(1);
    x.follower?.heard('progress');
    x.follower?.heard('asks_client');
    expect(vi.getTimerCount()).toBe(1);
    x.close();
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    x.follower?.heard('progress');
    vi.advanceTimersByTime(60_000);
    expect([vi.getTimerCount(), ended]).toEqual([0, []]);
  });
});

describe('a process that was stopped', () => {
  let stoppedMs = 0;
  beforeEach(() => {
    stoppedMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + stoppedMs);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  /** Lets `ms` pass in which nothing runs: timers that were due fire late. */
  const stop = (ms: number) => {
    stoppedMs += ms;
  };

  it('leaves its calls the time that they had, for what came meanwhile is not read yet', () => {
    const { ended } = started();
    vi.advanceTimersByTime(600);
    stop(60_000);
    vi.advanceTimersByTime(375);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(ended).toHaveLength(1);
  });

  it('gives calls that have come since then no more than their timeout', () => {
    const before = started();
    vi.advanceTimersByTime(100);
    stop(3000);
    const { ended } = started(undefined, before.stage);
    vi.advanceTimersByTime(1050);
    expect(ended).toHaveLength(1);
  });

  it('ends no call at its absolute limit before it has had time to read, and any soon after', () => {
    const { x, ended } = started();
    x.follower?.heard('asks_client');
    vi.advanceTimersByTime(4600);
    stop(4000);
    vi.advanceTimersByTime(25);
    x.follower?.heard('progress');
    vi.advanceTimersByTime(325);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(ended).toHaveLength(1);
  });

  it('gains no time where the limit is far, and none by being late all the time', () => {
    const { x, ended } = started();
    x.follower?.heard('asks_client');
    stop(3000);
    vi.advanceTimersByTime(1975);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(ended).toHaveLength(1);
    const late = started();
    for (let i = 0; i < 10; i++) {
      stop(400);
      vi.advanceTimersByTime(25);
    }
    expect(late.ended).toHaveLength(1);
  });
});

describe('a stream', () => {
  it('may be quiet for as long as it likes', () => {
    const x = makeExchange(undefined, { method: 'GET' });
    x.stream = true;
    const { ended } = started(x);
    vi.advanceTimersByTime(86_400_000);
    expect([vi.getTimerCount(), ended]).toEqual([0, []]);
  });
});
