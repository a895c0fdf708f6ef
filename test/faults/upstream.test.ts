// What callers notice of every way in which an upstream can fail, and where a second upstream makes it good.
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBlackHole } from '../support/black-hole.ts';
import { rawCall } from '../support/clients.ts';
import { modernRequest } from '../support/message.ts';
import { twoUpstreams } from './two-upstreams.ts';

/** Faults before any byte of an answer: what is safe is made good elsewhere, anything else is told and not repeated. */
const broken = [
  ...['reset-before', 'fin-before', 'reset-mid-body', 'content-length-short', 'chunked-cut'],
  ...[
    'html-200',
    'html-as-json',
    'truncated-json',
    'empty-200',
    'invalid-utf8',
    'bom',
    'nan',
    'two-documents',
  ],
  ...['wrong-content-type', 'no-content-type', 'wrong-id', 'string-id', 'missing-id', 'null-id'],
  ...['redirect', 'redirect-metadata', 'redirect-loop', 'nested-encoding'],
  ...['continue-flood', 'upgrade-unasked', 'trailer-framing', 'status-500', 'status-502'],
];

describe('an upstream that breaks its answer', () => {
  it.each(broken)(
    '%s: a safe call is answered by another, and an unsafe one is not sent twice',
    async (fault) => {
      const { first, second, call } = await twoUpstreams();
      first.on('tools/call', fault);
      expect(await call('read_x', 'safe')).toMatchObject({
        status: 200,
        id: 7,
        from: 'second',
        complete: true,
      });
      expect(await call('write', 'unsafe')).toMatchObject({ status: 502, id: 7, reason: 'upstream_failed' });
      expect(first.nonces()).toEqual(['safe', 'unsafe']);
      expect(second.nonces()).toEqual(['safe']);
    },
  );

  it.each(['sse-head-then-reset', 'sse-cut-mid-event', 'wrong-id-sse', 'unknown-id-first'])(
    '%s: a stream is no answer before its first event has come whole',
    async (fault) => {
      const { first, second, call } = await twoUpstreams();
      first.on('tools/call', fault);
      expect(await call('read_x')).toMatchObject({ status: 200, from: 'second', complete: true });
      expect(await call('write')).toMatchObject({ status: 200, reason: 'upstream_failed' });
      expect(second.calls()).toHaveLength(1);
    },
  );

  it.each(['sse-cut-before-reply', 'sse-reset-before-reply', 'sse-endless-line'])(
    '%s: an answer that has begun ends with an error for its id, and is not begun again',
    async (fault) => {
      const { first, second, call } = await twoUpstreams();
      first.on('tools/call', fault);
      expect(await call('read_x')).toMatchObject({
        status: 200,
        id: 7,
        reason: 'upstream_failed',
        complete: true,
      });
      expect(second.calls()).toEqual([]);
    },
  );
});

/** Callers that give up soon. */
const hasty = { timeout: '300ms', max_timeout: '1s' };

describe('an upstream that takes its time', () => {
  it.each(['hang', 'hang-mid-headers', 'hang-mid-body', 'drip'])(
    '%s: the call ends at its deadline, and the upstream is left',
    async (fault) => {
      const { first, second, call } = await twoUpstreams(hasty);
      first.on('tools/call', fault);
      expect(await call('read_x')).toMatchObject({ status: 504, id: 7, reason: 'timeout' });
      await first.calls().at(-1)?.whenAborted;
      expect(second.calls()).toEqual([]);
    },
  );

  it.each(['hang-mid-sse', 'quiet-sse', 'infinite-sse-events'])(
    '%s: a stream that has begun ends with an error for its id',
    async (fault) => {
      const { first, call } = await twoUpstreams(hasty);
      first.on('tools/call', fault);
      expect(await call('write')).toMatchObject({ status: 200, id: 7, reason: 'timeout', complete: true });
    },
  );
});

describe('an upstream that answers, if oddly', () => {
  it('with more bytes than allowed: refused, not asked of another, and not held against it', async () => {
    const { first, second, call, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
    first.on('tools/call', 'huge-body-declared');
    expect(await call('read_x')).toMatchObject({ status: 502, reason: 'upstream_failed' });
    expect(second.calls()).toEqual([]);
    expect(await ejected(gateway)).toBe(0);
  });

  it.each(['many-tools', 'megabyte-description', 'cyclic-schema', 'cursor-loop'])(
    'with %s for its list: calls go on',
    async (fault) => {
      const { first, call } = await twoUpstreams();
      first.on('tools/list', fault);
      expect(await call('read_x')).toMatchObject({ status: 200, from: 'first' });
    },
  );

  it.each([
    'slow-headers',
    'extra-bytes',
    'duplicate-reply',
    'sse-left-open',
    'early-hints-flood',
    'trailers',
  ])('%s is answered by it', async (fault) => {
    const { first, call } = await twoUpstreams();
    first.on('tools/call', fault);
    expect(await call('write')).toMatchObject({ status: 200, from: 'first', complete: true });
  });

  it('on a stream that it leaves open: the call is over soon after its answer, and nothing is held against it', async () => {
    const { first, call, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
    first.on('tools/call', 'sse-left-open');
    expect(await call('write')).toMatchObject({ status: 200, from: 'first', complete: true });
    await first.calls().at(-1)?.whenAborted;
    const metrics = await gateway.metrics();
    expect(sum(metrics, 'mcp_gateway_endpoint_in_flight{')).toBe(0);
    expect(sum(metrics, 'mcp_gateway_endpoint_ejected{')).toBe(0);
  });

  it.each([400, 403, 404, 405, 408, 413, 429])(
    'with %d: passed on, not sent again, not held against it',
    async (status) => {
      const { first, second, call, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
      first.on('tools/call', `status-${status}`);
      expect(await call('read_x')).toMatchObject({ status });
      expect(second.calls()).toEqual([]);
      expect(await ejected(gateway)).toBe(0);
    },
  );

  it.each(['tool-error', 'rpc-error'])('with %s: passed on and not held against it', async (fault) => {
    const { first, second, call, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
    first.on('tools/call', fault);
    expect(await call('read_x')).toMatchObject({ status: 200 });
    expect(second.calls()).toEqual([]);
    expect(await ejected(gateway)).toBe(0);
  });

  it('with 401: its challenge stays between it and the gateway, and it is not held against it', async () => {
    const { first, call, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
    first.on('tools/call', 'status-401');
    const { status, reason, headers } = await call('read_x');
    expect({ status, reason }).toEqual({ status: 502, reason: 'upstream_failed' });
    expect(headers).not.toHaveProperty('www-authenticate');
    expect(await ejected(gateway)).toBe(0);
  });

  it.each(['status-503', 'json-503', 'text-as-json-503'])(
    'with %s and Retry-After: the time is passed on, and nobody else is asked',
    async (fault) => {
      const { first, second, call } = await twoUpstreams();
      first.on('tools/call', fault);
      expect(await call('read_x')).toMatchObject({ status: 502, headers: { 'retry-after': '2' } });
      expect(second.calls()).toEqual([]);
    },
  );

  it.each([
    ['json-400', 400],
    ['text-as-json-400', 400],
    ['text-as-json-429', 429],
  ])('with %s: the caller is told, and it is not held against the endpoint', async (fault, status) => {
    const { first, second, gateway } = await twoUpstreams({ outlier: { consecutive_failures: 1 } });
    first.on('tools/call', fault);
    const { body, headers } = modernRequest('tools/call', { name: 'read_x', arguments: {} });
    const answer = await rawCall(gateway.url, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('not now');
    expect(second.calls()).toEqual([]);
    expect(await ejected(gateway)).toBe(0);
  });
});

describe('an upstream that cannot be reached', () => {
  it('refuses: any call goes elsewhere, since nothing was sent', async () => {
    const { first, call } = await twoUpstreams();
    await first.refuse();
    expect(await call('write')).toMatchObject({ status: 200, from: 'second' });
  });

  it('resets each connection: an unsafe call is told, a safe one is made good', async () => {
    const { first, call } = await twoUpstreams();
    first.resetOnAccept(true);
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
  });

  it('swallows connects: any call goes elsewhere after the connect timeout', async () => {
    const hole = await startBlackHole();
    onTestFinished(() => hole.close());
    const endpoints = (good: string) => [{ url: hole.url, weight: 1000 }, { url: good }];
    const { call } = await twoUpstreams({ connect_timeout: '200ms' }, endpoints);
    expect(await call('write')).toMatchObject({ status: 200, from: 'second' });
  });

  it('closes a kept connection as a call arrives: a safe call is sent once more even to the only endpoint', async () => {
    const { second, call } = await twoUpstreams({}, (only) => [{ url: only }]);
    await call('read_x');
    second.resetReused(true);
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
  });

  it('as all others are: the refusal is no_endpoint with a time to come back, and the first to return serves', async () => {
    const health = { interval: '200ms', timeout: '200ms', unhealthy_after: 1 };
    const { first, second, call, gateway } = await twoUpstreams({ health });
    await Promise.all([first.refuse(), second.refuse()]);
    await expect.poll(() => up(gateway), { timeout: 5000 }).toBe(0);
    const { body, headers } = modernRequest('tools/call', { name: 'write' });
    const answer = await rawCall(gateway.url, body, headers);
    expect(answer).toMatchObject({ status: 503, json: { error: { data: { reason: 'no_endpoint' } } } });
    expect(answer.headers).toHaveProperty('retry-after');
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(503);
    await second.listen();
    await expect.poll(() => up(gateway), { timeout: 5000 }).toBe(1);
    expect(await call('write')).toMatchObject({ status: 200, from: 'second' });
  });
});

describe('an upstream that keeps failing', () => {
  it.each(['status-500', 'reset-before', 'html-200', 'hang'])(
    '%s is ejected, and gets no more calls',
    async (fault) => {
      const { first, call, gateway } = await twoUpstreams({
        outlier: { consecutive_failures: 2 },
        timeout: '1s',
      });
      first.on('tools/call', fault);
      const once = async () => {
        await call('write');
        return ejected(gateway);
      };
      await expect.poll(once, { timeout: 10_000 }).toBe(1);
      const before = first.calls().length;
      for (let i = 0; i < 5; i++) expect(await call('write')).toMatchObject({ from: 'second' });
      expect(first.calls()).toHaveLength(before);
    },
  );

  it('costs no retries where clients leave before these have ended', async () => {
    const { first, second, call, gateway } = await twoUpstreams({ retry: { budget_percent: 20 } });
    for (let i = 0; i < 50; i++) await call('write');
    first.on('tools/call', 'reset-before');
    for (let i = 0; i < 6; i++) {
      const held = Promise.withResolvers<void>();
      second.hold = () => held.promise;
      const { body, headers } = modernRequest('tools/call', { name: 'read_x' });
      const leaving = new AbortController();
      const arrived = second.nextCall();
      const { signal } = leaving;
      const answer = rawCall(gateway.url, body, headers, { signal }).catch(() => 'left');
      const retried = await arrived;
      leaving.abort();
      expect(await answer).toBe('left');
      await retried.whenAborted;
      held.resolve();
    }
    expect(await call('read_x')).toMatchObject({ status: 200, from: 'second' });
  });

  it('is counted when others make it good', async () => {
    const { first, call, gateway } = await twoUpstreams();
    first.on('tools/call', 'status-500');
    await call('read_x');
    expect((await gateway.metrics()).get('mcp_gateway_retries_total{pool="two",reason="status"}')).toBe(1);
  });
});

async function ejected(gateway: { metrics(): Promise<Map<string, number>> }): Promise<number> {
  return sum(await gateway.metrics(), 'mcp_gateway_endpoint_ejected{');
}

async function up(gateway: { metrics(): Promise<Map<string, number>> }): Promise<number> {
  return sum(await gateway.metrics(), 'mcp_gateway_endpoint_up{');
}

function sum(metrics: Map<string, number>, name: string): number {
  return [...metrics]
    .filter(([series]) => series.startsWith(name))
    .reduce((total, [, value]) => total + value, 0);
}
