// Attempts: what the histogram of upstream operations says of calls through a running gateway.
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type GatedCall, GatedUpstream, type OnCall } from '../support/gated-upstream.ts';
import { startGateway } from '../support/gateway.ts';

const counts = 'mcp_client_operation_duration_seconds_count';

async function through(onCall: OnCall | undefined, pool: Record<string, unknown> = {}) {
  const upstream = await GatedUpstream.start(onCall);
  const gateway = await startGateway({
    pools: [{ name: 'search', endpoints: [{ url: upstream.url }], ...pool }],
  });
  onTestFinished(async () => {
    await gateway.stop();
    await upstream.close();
  });
  const call = (signal: AbortSignal | null = null) =>
    fetch(gateway.url, {
      method: 'POST',
      signal,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } }),
    });
  /** The series of tool calls, once there is one. */
  const series = async () => {
    const deadline = performance.now() + 5000;
    for (;;) {
      const found = [...(await gateway.metrics()).keys()].filter(
        (name) => name.startsWith(counts) && name.includes('tools/call'),
      );
      if (found.length > 0 || performance.now() > deadline) return found;
    }
  };
  return { upstream, gateway, call, series };
}

describe('an attempt', () => {
  it('is timed with the address of its endpoint', async () => {
    const { upstream, call, series } = await through((held) => held.text('hi'));
    await (await call()).text();
    const [name, ...more] = await series();
    expect(more).toEqual([]);
    expect(name).toContain(`server_address="127.0.0.1",server_port="${new URL(upstream.url).port}"`);
    expect(name).not.toContain('error_type');
  });

  it.each<[string, OnCall, Record<string, unknown>, string]>([
    ['that times out', () => undefined, { timeout: '50ms' }, 'timeout'],
    ['whose connection breaks', ({ response }: GatedCall) => response.destroy(), {}, 'reset'],
    ['whose answer is no JSON', ({ response }: GatedCall) => response.end('hello'), {}, 'unusable'],
    ['answered with a bad status', ({ response }) => response.writeHead(500).end('broken'), {}, 'status'],
    ['whose credential is refused', ({ response }) => response.writeHead(401).end(), {}, 'credential'],
    ['whose tool fails', (held) => held.answer({ content: [], isError: true }), {}, 'tool_error'],
  ])('%s says so', async (_what, onCall, pool, errorType) => {
    const { call, series } = await through(onCall, pool);
    await (await call()).text();
    expect(await series()).toEqual([expect.stringContaining(`error_type="${errorType}"`)]);
  });

  it('that finds nobody at its address says so', async () => {
    const gateway = await startGateway({
      pools: [{ name: 'gone', endpoints: [{ url: `http://127.0.0.1:${await freePort()}/mcp` }] }],
    });
    onTestFinished(() => gateway.stop());
    const answer = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    });
    expect(answer.status).toBe(502);
    const names = [...(await gateway.metrics()).keys()].filter((name) => name.startsWith(counts));
    expect(names).toContainEqual(expect.stringMatching(/"ping".*error_type="connect"/));
  });
});

describe('a modern client that hangs up', () => {
  it('cancels its call, which counts as cancelled and not as a failure of the upstream', async () => {
    const { upstream, gateway, series } = await through(undefined);
    const gone = new AbortController();
    const version = '2026-07-28';
    const answer = fetch(gateway.url, {
      method: 'POST',
      signal: gone.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': version,
        'mcp-method': 'tools/call',
        'mcp-name': 'echo',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: 'echo',
          _meta: {
            'io.modelcontextprotocol/protocolVersion': version,
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      }),
    });
    await upstream.whenHeld(1);
    gone.abort();
    await expect(answer).rejects.toThrow();
    expect(await series()).toEqual([expect.stringContaining('error_type="cancelled"')]);
    expect((await gateway.metrics()).get('mcp_gateway_refusals_total{reason="upstream_failed"}')).toBe(0);
  });
});
