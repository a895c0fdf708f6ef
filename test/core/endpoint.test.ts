// Endpoints: their parts, and how a measured latency counts.
import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';

function endpoint(): Endpoint {
  return new Endpoint('id', 'pool', 'http://10.0.0.1:8000/mcp?tenant=a', 2);
}

describe('an endpoint', () => {
  it('has an origin and a path with its query', () => {
    expect(endpoint()).toMatchObject({
      origin: 'http://10.0.0.1:8000',
      path: '/mcp?tenant=a',
      weight: 2,
      state: 'available',
    });
  });

  it('is named without what may be secret in its URL: user information and query', () => {
    const { label } = new Endpoint('id', 'pool', 'http://user:pass@10.0.0.1:8000/mcp?key=hidden', 1);
    expect(label).toBe('http://10.0.0.1:8000/mcp');
  });

  it('takes its first measurement as it is, and a slower one at once', () => {
    const it = endpoint();
    it.noteLatency(40, 1000);
    expect(it.latencyMs).toBe(40);
    it.noteLatency(400, 1001);
    expect(it.latencyMs).toBe(400);
  });

  it('comes down from a peak by the time that has passed, not by the number of measurements', () => {
    const [often, seldom] = [endpoint(), endpoint()];
    for (const it of [often, seldom]) it.noteLatency(1000, 0);
    for (let now = 100; now <= 10_000; now += 100) often.noteLatency(10, now);
    seldom.noteLatency(10, 10_000);
    expect(often.latencyMs).toBeCloseTo(seldom.latencyMs, 0);
    expect(often.latencyMs).toBeGreaterThan(300);
    expect(often.latencyMs).toBeLessThan(450);
  });

  it('lets an old measurement fade, and never counts one from the future double', () => {
    const it = endpoint();
    it.noteLatency(1000, 5000);
    expect(it.latencyAt(5000)).toBe(1000);
    expect(it.latencyAt(4000)).toBe(1000);
    expect(it.latencyAt(65_000)).toBeLessThan(5);
  });
});
