// The observe stage: what it counts and times of an exchange, and what it makes of exceptions.
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { Failure } from '../../gateway/core/failure.ts';
import { refusal } from '../../gateway/core/refusal.ts';
import type { Handler } from '../../gateway/core/stage.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';
import { observed, ok } from './observed.ts';

const call = (name: string) => request('tools/call', { name });
const counts = 'mcp_server_operation_duration_seconds_count';

describe('an exception in a stage', () => {
  const thrown: [string, Handler][] = [
    [
      'at once',
      () => {
        throw new TypeError('boom');
      },
    ],
    ['later', () => Promise.reject(new TypeError('boom'))],
    ['as no Error', () => Promise.reject('boom')],
  ];

  it.each(thrown)(
    'that is thrown %s becomes an internal error with the id, and is logged',
    async (_how, last) => {
      const { run, lines, metric } = observed();
      const reply = await run(makeExchange(request('ping', {}, 'a1')), last);
      expect(reply.status).toBe(500);
      expect(JSON.parse(String(reply.body))).toMatchObject({
        id: 'a1',
        error: { code: -32603, data: { source: 'gateway', reason: 'internal_error' } },
      });
      expect(String(reply.body)).not.toContain('boom');
      expect(await metric('mcp_gateway_refusals_total{reason="internal_error"}')).toEqual([
        'mcp_gateway_refusals_total{reason="internal_error"} 1',
      ]);
      expect((await lines()).map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({
          level: 'error',
          event: 'internal_error',
          message: 'boom',
          stack: expect.stringContaining('boom'),
        }),
      ]);
    },
  );

  it('that is a Failure becomes upstream_failed and is no error of the gateway', async () => {
    const { run, lines } = observed();
    const reply = await run(makeExchange(request('ping')), () => {
      throw new Failure('reset', true, 'The connection broke');
    });
    expect(reply.refusal).toMatchObject({ reason: 'upstream_failed', message: 'The connection broke' });
    expect(await lines()).toEqual([]);
  });
});

describe('an operation', () => {
  it('is timed under its method, without an error type when it succeeds', async () => {
    const { run, metric } = observed();
    await run(makeExchange(request('tools/list'), { protocolVersion: '2025-11-25' }));
    expect(await metric(counts)).toEqual([
      `${counts}{mcp_method_name="tools/list",mcp_protocol_version="2025-11-25",network_protocol_name="http",network_protocol_version="1.1",network_transport="tcp"} 1`,
    ]);
  });

  it('that calls a tool says which, and how it failed', async () => {
    const { run, metric } = observed();
    await run(makeExchange(call('echo')), async (x) => {
      x.errorType = 'tool_error';
      return ok;
    });
    expect(await metric(counts)).toEqual([
      `${counts}{mcp_method_name="tools/call",gen_ai_operation_name="execute_tool",gen_ai_tool_name="echo",error_type="tool_error",network_protocol_name="http",network_protocol_version="1.1",network_transport="tcp"} 1`,
    ]);
  });

  it('that a JSON-RPC error ends carries the code twice, as error type and as status code', async () => {
    const { run, metric } = observed();
    await run(makeExchange(request('ping')), async (x) => {
      x.errorType = '-32602';
      return ok;
    });
    expect((await metric(counts))[0]).toContain('error_type="-32602",rpc_response_status_code="-32602"');
  });

  it('brings no text of a caller or an upstream into labels', async () => {
    const { run, metric } = observed();
    const exchanges: [Exchange, string | undefined][] = [
      [makeExchange(call('made-up-tool')), undefined],
      [makeExchange(request('made/up')), undefined],
      [makeExchange(request('ping'), { protocolVersion: 'made-up' }), undefined],
      [makeExchange(request('ping')), 'made up'],
    ];
    for (let code = 1; code < 300; code++) exchanges.push([makeExchange(request('ping')), `${code}`]);
    for (const [x, errorType] of exchanges) {
      await run(x, async () => {
        x.errorType = errorType;
        return ok;
      });
    }
    const lines = await metric(counts);
    expect(lines.join('\n')).not.toMatch(/made/);
    expect(lines).toContainEqual(expect.stringContaining('gen_ai_tool_name="_other"'));
    expect(lines).toContainEqual(expect.stringContaining('mcp_method_name="_other"'));
    expect(lines).toContainEqual(expect.stringContaining('error_type="_OTHER"'));
    expect(lines.length).toBeLessThan(120);
  });

  it('in a batch is counted on its own', async () => {
    const { run, metric, lines } = observed();
    await run(makeExchange([request('ping'), call('echo'), { jsonrpc: '2.0', id: 3, result: {} }]));
    expect(await metric(counts)).toHaveLength(2);
    expect(await lines()).toHaveLength(1);
  });

  it.each([
    ['a response of the client', { jsonrpc: '2.0', id: 1, result: {} }, 'POST'],
    ['a GET', undefined, 'GET'],
    ['a DELETE', undefined, 'DELETE'],
  ])('is not what %s is', async (_what, body, method) => {
    const { run, metric } = observed();
    await run(makeExchange(body, { method }));
    expect(await metric(counts)).toEqual([]);
  });

  it('that was forwarded adds its time in the gateway to the overhead', async () => {
    const { run, metric } = observed();
    await run(makeExchange(request('ping')));
    await run(makeExchange(request('ping')), async (x) => {
      x.attempts = 1;
      x.upstreamMs = 1e9;
      return ok;
    });
    expect(await metric('mcp_gateway_overhead_seconds_')).toEqual(
      expect.arrayContaining(['mcp_gateway_overhead_seconds_count 1', 'mcp_gateway_overhead_seconds_sum 0']),
    );
  });
});

describe('a refusal', () => {
  it('is counted by its reason, inside an exchange or before there was one', async () => {
    const { telemetry, run, metric } = observed();
    await run(makeExchange(request('ping')), async (x) => x.refuse(refusal('rate_limited')));
    telemetry.refused('rate_limited');
    expect(await metric('mcp_gateway_refusals_total{reason="rate_limited"}')).toEqual([
      'mcp_gateway_refusals_total{reason="rate_limited"} 2',
    ]);
  });
});

describe('exchanges in flight', () => {
  it('are counted by client until they end, streams by kind', async () => {
    const { telemetry, metric } = observed();
    const begin = async (x: Exchange, client: string, stream = false) => {
      await telemetry.observe('search')(async () => ok)(x);
      x.principal = caller(client);
      x.stream = stream;
      return x;
    };
    const all = [
      await begin(makeExchange(request('ping')), 'ci'),
      await begin(makeExchange(request('ping')), 'ci'),
      await begin(makeExchange(request('ping')), 'ann'),
      await begin(makeExchange(undefined, { method: 'GET' }), 'ann', true),
      await begin(makeExchange(request('subscriptions/listen')), 'ann', true),
    ];
    expect(await metric('mcp_gateway_in_flight{')).toEqual([
      'mcp_gateway_in_flight{client="ci"} 2',
      'mcp_gateway_in_flight{client="ann"} 1',
    ]);
    expect(await metric('mcp_gateway_streams{')).toEqual([
      'mcp_gateway_streams{kind="get"} 1',
      'mcp_gateway_streams{kind="listen"} 1',
    ]);
    for (const x of all) x.close();
    expect(await metric('mcp_gateway_in_flight{')).toEqual([]);
    expect(telemetry.live.size).toBe(0);
  });

  it('of more clients than can be told apart share a label', async () => {
    const { telemetry, metric } = observed();
    for (let i = 0; i < 250; i++) {
      const x = makeExchange(request('ping'), { client: `192.0.2.${i}` });
      await telemetry.observe('search')(async () => ok)(x);
    }
    const lines = await metric('mcp_gateway_in_flight{');
    expect(lines).toHaveLength(201);
    expect(lines).toContain('mcp_gateway_in_flight{client="_other"} 50');
  });
});
