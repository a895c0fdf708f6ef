// Tracing: from an SDK client through the gateway to an SDK server in one trace, as real exporters tell it.
import type { IncomingHttpHeaders } from 'node:http';
import type { NodeIncomingMessageLike } from '@modelcontextprotocol/node';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { metrics } from '../../gateway/telemetry/metric-names.ts';
import { connectV1, connectV2, rawCall } from '../support/clients.ts';
import { FaultUpstream } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

/** What the SDK server saw of a call: the trace context of its `_meta` and of its HTTP request. */
interface Seen {
  readonly meta: string | undefined;
  readonly state: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const seen: Seen[] = [];
let receiver: OtlpReceiver;
let server: Listening;
let faulty: FaultUpstream;
let gateway: TestGateway;

/** A machine that is busy is not a server that is ill. */
const health = { interval: '1m', timeout: '20s' };

function tracingServer(): Promise<Listening> {
  let headers: IncomingHttpHeaders = {};
  const handler = createMcpHandler(() => {
    const mcp = new McpServer({ name: 'traced', version: '1.0.0' });
    mcp.registerTool('trace', {}, ({ mcpReq }) => {
      const meta = mcpReq._meta as Record<string, string | undefined> | undefined;
      seen.push({ meta: meta?.['traceparent'], state: meta?.['tracestate'], headers });
      return { content: [{ type: 'text', text: 'ok' }] };
    });
    return mcp;
  });
  const handle = toNodeHandler(handler);
  return listen(
    {
      handle(request, response) {
        ({ headers } = request);
        return handle(request as NodeIncomingMessageLike, response);
      },
      close: () => handler.close(),
    },
    0,
  );
}

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  server = await tracingServer();
  faulty = new FaultUpstream();
  await faulty.listen();
  // In this process, so that a busy machine need not start another one with all of the SDK.
  for (const [name, value] of Object.entries(receiver.env)) vi.stubEnv(name, value);
  gateway = await startGateway({
    pools: [
      { name: 'traced', endpoints: [{ url: server.url }], health },
      { name: 'faulty', endpoints: [{ url: faulty.url }], health, tools: [{ match: '*', retry: 'safe' }] },
    ],
    routes: [
      { path: '/mcp', pools: ['traced'] },
      { path: '/faulty/mcp', pools: ['faulty'] },
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([server?.close(), faulty?.close(), receiver?.close()]);
  vi.unstubAllEnvs();
});

const callerSpan = '00f067aa0ba902b7';

/** A trace id of a caller, and the `traceparent` that tells of it. */
function caller(digit: string) {
  const traceId = digit.repeat(32);
  return { traceId, traceparent: `00-${traceId}-${callerSpan}-01` };
}

const clients = {
  '2025-11-25': async (meta: Record<string, string>) => {
    const { client, close } = await connectV1(`${gateway.origin}/mcp`);
    await client.callTool({ name: 'trace', arguments: { secret: 'argument' }, _meta: meta });
    await close();
  },
  '2026-07-28': async (meta: Record<string, string>) => {
    const { client, close } = await connectV2(`${gateway.origin}/mcp`);
    await client.callTool({ name: 'trace', arguments: { secret: 'argument' }, _meta: meta });
    await close();
  },
};

describe('a traced call', () => {
  it.each([
    ['2025-11-25', 'a'],
    ['2026-07-28', 'b'],
  ] as const)('of a client of %s is one trace from the client to the server', async (revision, digit) => {
    const { traceId, traceparent } = caller(digit);
    await clients[revision]({ traceparent, tracestate: 'vendor=1' });
    const spans = await receiver.trace(traceId, 2);
    const inside = spans.find(({ kind }) => kind === 'SERVER');
    const outside = spans.find(({ kind }) => kind === 'CLIENT');
    expect(inside).toMatchObject({ name: 'tools/call trace', parentSpanId: callerSpan, failed: false });
    expect(outside).toMatchObject({ name: 'tools/call trace', parentSpanId: inside?.spanId, failed: false });
    const told = `00-${traceId}-${outside?.spanId}-01`;
    const { meta, state, headers } = seen.at(-1) as Seen;
    expect([meta, headers['traceparent']]).toEqual([told, told]);
    expect([state, headers['tracestate']]).toEqual(['vendor=1', 'vendor=1']);
    const message = {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'trace',
      'mcp.protocol.version': revision,
      'network.protocol.name': 'http',
      'network.transport': 'tcp',
    };
    expect(inside?.attributes).toMatchObject({ ...message, 'client.address': '127.0.0.1' });
    expect(outside?.attributes).toMatchObject({
      ...message,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(server.url).port),
    });
    expect(inside?.resource).toMatchObject({ 'service.name': 'mcp-gateway' });
    expect(JSON.stringify(spans)).not.toContain('argument');
  });

  it('has the trace of _meta as its parent and names the trace of its headers beside it', async () => {
    const [near, far] = [caller('c'), caller('d')];
    const { body, headers } = modernRequest('tools/call', {
      name: 'trace',
      _meta: { traceparent: near.traceparent },
    });
    await rawCall(`${gateway.origin}/mcp`, body, { ...headers, traceparent: far.traceparent });
    const spans = await receiver.trace(near.traceId, 2);
    expect(spans.find(({ kind }) => kind === 'SERVER')?.links).toMatchObject([
      { traceId: far.traceId, spanId: callerSpan },
    ]);
  });

  it('that nobody traced begins a trace, and its body is left as it is', async () => {
    const { body, headers } = modernRequest('tools/call', { name: 'trace' });
    await rawCall(`${gateway.origin}/mcp`, body, headers);
    const { traceparent } = (seen.at(-1) as Seen).headers;
    const traceId = String(traceparent).slice(3, 35);
    const spans = await receiver.trace(traceId, 2);
    expect(spans.find(({ kind }) => kind === 'SERVER')?.parentSpanId).toBe('');
    expect((seen.at(-1) as Seen).meta).toBeUndefined();
  });

  it('that is sent again has a span for each attempt, side by side', async () => {
    const { traceId, traceparent } = caller('e');
    faulty.next('reset-before');
    const { body, headers } = modernRequest('tools/call', { name: 'echo', _meta: { traceparent } });
    const answer = await rawCall(`${gateway.origin}/faulty/mcp`, body, headers);
    expect(answer.status).toBe(200);
    const spans = await receiver.trace(traceId, 3);
    const inside = spans.find(({ kind }) => kind === 'SERVER');
    const attempts = spans.filter(({ kind }) => kind === 'CLIENT');
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([inside?.spanId, inside?.spanId]);
    expect(attempts.map(({ failed, attributes }) => [failed, attributes['error.type']])).toEqual([
      [true, 'reset'],
      [false, undefined],
    ]);
    expect(inside?.failed).toBe(false);
    const parents = faulty.calls().map(({ headers }) => headers['traceparent']);
    expect(new Set(parents).size).toBe(2);
  });

  it('that the gateway refuses is a failed span with the reason', async () => {
    const { traceId, traceparent } = caller('f');
    const headers = { 'mcp-session-id': 'unknown', traceparent };
    await rawCall(`${gateway.origin}/mcp`, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers);
    const [span] = await receiver.trace(traceId, 1);
    expect(span).toMatchObject({ failed: true, attributes: { 'error.type': 'session_not_found' } });
  });
});

describe('pushed metrics', () => {
  it('have the names, units and attributes of the table', async () => {
    const pushed = await receiver.until(() => {
      return receiver.metrics.get('mcp.client.operation.duration') && receiver.metrics;
    });
    const rows: Record<string, (typeof metrics)[keyof typeof metrics]> = Object.fromEntries(
      Object.values(metrics).map((row) => [row.name, row]),
    );
    for (const [name, { unit, points }] of pushed) {
      expect([name, unit]).toEqual([name, rows[name]?.unit]);
      for (const point of points) {
        expect(rows[name]?.labels).toEqual(expect.arrayContaining(Object.keys(point)));
      }
    }
  });
});
