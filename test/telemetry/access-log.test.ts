// The access log: the keys and values of `tool_execution`, and what never stands in it.
import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import { refusal } from '../../gateway/core/refusal.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';
import { observed, ok } from './observed.ts';
import { parseLogfmt } from './parse-logfmt.ts';

const keys =
  'event time level client pool endpoint tool duration_ms upstream_ms queue_ms success error_type cache attempts response_chars truncated total_calls error_rate trace_id era'.split(
    ' ',
  );
const trace = '0af7651916cd43dd8448eb211c80319c';
const endpoint = new Endpoint('e1', 'search', 'http://user:pass@127.0.0.1:9000/mcp?key=hidden', 1);

function call(name = 'echo') {
  const x = makeExchange(request('tools/call', { name, arguments: { query: 'hidden' } }, 'hidden-id'), {
    traceparent: `00-${trace}-b7ad6b7169203331-01`,
    sessionId: 'hidden',
    authorization: 'Bearer hidden',
  });
  x.principal = caller('ci');
  return x;
}

const forwarded = async (x: ReturnType<typeof call>) => {
  x.endpoint = endpoint;
  x.attempts = 1;
  x.replyBytes = 312;
  return ok;
};

describe('the line of a call', () => {
  it('has the keys that users rely on, and what happened', async () => {
    const { run, lines } = observed();
    await run(call(), forwarded);
    const record = JSON.parse((await lines())[0] as string);
    expect(Object.keys(record)).toEqual(keys);
    expect(record).toMatchObject({
      event: 'tool_execution',
      level: 'info',
      client: 'ci',
      pool: 'search',
      endpoint: 'http://127.0.0.1:9000/mcp',
      tool: 'echo',
      upstream_ms: 0,
      queue_ms: 0,
      success: true,
      error_type: null,
      cache: null,
      attempts: 1,
      response_chars: 312,
      truncated: false,
      total_calls: 1,
      error_rate: 0,
      trace_id: trace,
      era: 'legacy',
    });
    expect(record.duration_ms).toEqual(expect.any(Number));
  });

  it('has the same keys in logfmt', async () => {
    const { run, lines } = observed('logfmt');
    await run(call(), forwarded);
    const record = parseLogfmt(`${(await lines())[0]}\n`);
    expect(Object.keys(record)).toEqual(keys);
    expect(record).toMatchObject({ tool: 'echo', attempts: 1, success: true, cache: null, trace_id: trace });
  });

  it('holds no argument, id, session id, credential or query', async () => {
    const { run, lines } = observed();
    await run(call(), forwarded);
    expect((await lines()).join('')).not.toMatch(/hidden|pass/);
  });

  it('says why a call was refused before it was forwarded', async () => {
    const { run, lines } = observed();
    await run(call(), async (x) => x.refuse(refusal('too_many_concurrent')));
    expect(JSON.parse((await lines())[0] as string)).toMatchObject({
      success: false,
      error_type: 'too_many_concurrent',
      endpoint: null,
      upstream_ms: null,
      attempts: 0,
    });
  });

  it('counts the calls and errors of each tool since start', async () => {
    const { run, lines } = observed();
    for (const errorType of [undefined, 'tool_error', undefined, 'timeout']) {
      await run(call(), async (x) => {
        x.errorType = errorType;
        return ok;
      });
    }
    await run(call('other'));
    const figures = (await lines()).map((line) => JSON.parse(line)).map((r) => [r.total_calls, r.error_rate]);
    expect(figures).toEqual([
      [1, 0],
      [2, 0.5],
      [3, 0.3333],
      [4, 0.5],
      [1, 0],
    ]);
  });

  it.each(['json', 'logfmt', 'pretty'] as const)(
    'is one line of %s whatever the tool is called',
    async (format) => {
      const { run, lines } = observed(format);
      const name = '\n{"event":"tool_execution","success":true}\r\u001b[31m\u009b\u2028\u202e"\\';
      const x = call();
      x.envelope = { ...x.envelope, name };
      await run(x);
      const all = await lines();
      expect(all).toHaveLength(1);
      expect(all[0]).toMatch(/^[\x20-\x7e]+$/);
      if (format === 'json') expect(JSON.parse(all[0] as string).tool).toBe(name);
    },
  );

  it('stays short however long the name of the tool', async () => {
    const { run, lines } = observed();
    await run(call('x'.repeat(100_000)));
    expect((await lines())[0]?.length).toBeLessThan(1000);
  });

  it('is written for tool calls only', async () => {
    const { run, lines } = observed();
    await run(makeExchange(request('tools/list')));
    expect(await lines()).toEqual([]);
  });
});
