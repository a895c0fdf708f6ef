// What the figures of the last minutes say, at times that the test sets.
import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import { Figures } from '../../gateway/telemetry/figures.ts';
import { Tally } from '../../gateway/telemetry/tally.ts';
import { makeExchange } from '../core/make-exchange.ts';

const MINUTE = 60_000;

function figuresAt(start: number) {
  const clock = { now: start };
  return { clock, figures: new Figures(() => clock.now) };
}

function toolOf(figures: Figures) {
  const [tool] = figures.tools();
  if (tool === undefined) throw new Error('no tool was recorded');
  return tool;
}

describe('a tally', () => {
  it.each([0, 0.03, 0.4, 1, 7.7, 250, 1999, 2001, 60_000, 3_000_000])(
    'knows a duration of %s ms to an eighth or a sixteenth of a millisecond',
    (ms) => {
      const tally = new Tally();
      tally.record(ms, 0, undefined, undefined);
      expect(Math.abs((tally.quantile(0.5) as number) - ms)).toBeLessThanOrEqual(Math.max(1 / 16, ms / 8));
    },
  );

  it('finds quantiles of many durations within 5 %', () => {
    const tally = new Tally();
    for (let ms = 1; ms <= 10_000; ms++) tally.record(ms, 0, undefined, undefined);
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const exact = q * 10_000;
      expect(Math.abs((tally.quantile(q) as number) - exact) / exact).toBeLessThan(0.05);
    }
  });

  it('has no quantile of nothing', () => {
    expect(new Tally().quantile(0.99)).toBeUndefined();
  });
});

describe('the figures of a tool', () => {
  it('count calls, errors by type, slow ones and the part of the upstream', () => {
    const { figures } = figuresAt(5 * MINUTE);
    const failing = makeExchange();
    failing.errorType = 'tool_error';
    figures.operation(makeExchange(), 'demo', 'search', 100, 90);
    figures.operation(makeExchange(), 'demo', 'search', 3000, 2900);
    figures.operation(failing, 'demo', 'search', 50, 40);
    expect(toolOf(figures)).toMatchObject({
      pool: 'demo',
      tool: 'search',
      totalCalls: 3,
      calls: 3,
      errors: 1,
      slow: 1,
      errorTypes: { tool_error: 1 },
      perMinute: 3,
      durationMs: 3150,
      upstreamMs: 3030,
    });
  });

  it('count what the cache answered', () => {
    const { figures } = figuresAt(0);
    for (const status of ['hit', 'hit', 'miss'] as const) {
      const x = makeExchange();
      x.cacheStatus = status;
      figures.operation(x, 'demo', 'search', 1, 0);
    }
    expect(toolOf(figures).cache).toEqual({ hit: 2, stale: 0, coalesced: 0, miss: 1, bypass: 0 });
  });

  it('forget the rate after a minute, the quantiles after five and the curve after ten', () => {
    const { clock, figures } = figuresAt(20 * MINUTE);
    figures.operation(makeExchange(), 'demo', 'search', 100, 90);
    clock.now += 2 * MINUTE;
    expect(toolOf(figures)).toMatchObject({ perMinute: 0, calls: 1 });
    expect(toolOf(figures).curve).toHaveLength(61);
    expect(toolOf(figures).curve.at(-13)).toBe(1);
    clock.now += 4 * MINUTE;
    expect(toolOf(figures)).toMatchObject({ calls: 0, p99Ms: undefined, totalCalls: 1 });
    expect(toolOf(figures).curve).toContain(1);
    clock.now += 5 * MINUTE;
    expect(toolOf(figures).curve).not.toContain(1);
  });

  it('count anew where a minute comes round', () => {
    const { clock, figures } = figuresAt(0);
    figures.operation(makeExchange(), 'demo', 'search', 100, 90);
    clock.now += 11 * MINUTE;
    figures.operation(makeExchange(), 'demo', 'search', 9, 8);
    expect(toolOf(figures)).toMatchObject({ calls: 1, durationMs: 9 });
  });
});

describe('the figures', () => {
  it('tell tools apart by pool, and leave other operations to the client', () => {
    const { figures } = figuresAt(0);
    figures.operation(makeExchange(), 'a', 'search', 1, 0);
    figures.operation(makeExchange(), 'b', 'search', 1, 0);
    figures.operation(makeExchange(), 'b', '', 1, 0);
    expect(figures.tools().map(({ pool, calls }) => [pool, calls])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(figures.clients()).toMatchObject([{ totalCalls: 3 }]);
    expect(figures.all()).toMatchObject({ totalCalls: 3, perMinute: 3 });
  });

  it('give tools and clients beyond a number one series together', () => {
    const { figures } = figuresAt(0);
    for (let i = 0; i < 1000; i++) {
      const x = makeExchange();
      x.principal = { ...x.principal, id: `client-${i}` };
      figures.operation(x, 'demo', `tool-${i}`, 1, 0);
    }
    expect(figures.tools()).toHaveLength(501);
    expect(figures.tools().find(({ tool }) => tool === '_other')?.totalCalls).toBe(500);
    expect(figures.clients()).toHaveLength(201);
    expect(figures.clients().find(({ client }) => client === '_other')?.totalCalls).toBe(800);
  });

  it('make room for new clients by those not seen for long', () => {
    const { clock, figures } = figuresAt(0);
    const call = (id: string) => {
      const x = makeExchange();
      x.principal = { ...x.principal, id };
      figures.operation(x, 'demo', '', 1, 0);
    };
    for (let i = 0; i < 200; i++) call(`old-${i}`);
    clock.now += 12 * MINUTE;
    call('new');
    expect(figures.clients().map(({ client }) => client)).toEqual(['new']);
  });

  it('have nothing of an endpoint that was never tried', () => {
    const { figures } = figuresAt(0);
    const endpoint = new Endpoint('a', 'demo', 'http://127.0.0.1:1/mcp', 1);
    expect(figures.endpoint(endpoint)).toMatchObject({ totalCalls: 0, p50Ms: undefined });
    figures.attempt(endpoint, 12, 'reset');
    expect(figures.endpoint(endpoint)).toMatchObject({ totalCalls: 1, errors: 1, errorTypes: { reset: 1 } });
  });
});
