// OTEL_PROPAGATORS: which context of its clients a gateway takes and passes on, traced or not.
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { exportPlan } from '../../gateway/telemetry/otel-environment.ts';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';

afterEach(() => void vi.unstubAllEnvs());

const traceId = 'c'.repeat(32);
const context = {
  traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  tracestate: 'vendor=1',
  baggage: 'user=7',
};

describe('OTEL_PROPAGATORS', () => {
  it.each<[string | undefined, boolean, boolean, number]>([
    [undefined, true, true, 0],
    ['', true, true, 0],
    ['tracecontext,baggage', true, true, 0],
    ['tracecontext, tracecontext', true, false, 0],
    ['baggage', false, true, 0],
    ['none', false, false, 0],
    ['b3,tracecontext', true, false, 1],
    ['b3,jaeger', true, true, 2],
  ])(
    'of %j asks for trace context: %s, baggage: %s, with %i complaints',
    (value, trace, baggage, complaints) => {
      const plan = exportPlan(value === undefined ? {} : { OTEL_PROPAGATORS: value });
      expect(plan.propagators).toEqual({ trace, baggage });
      expect(plan.problems).toHaveLength(complaints);
      expect(exportPlan({ OTEL_PROPAGATORS: value, OTEL_SDK_DISABLED: 'true' }).propagators).toEqual(
        plan.propagators,
      );
    },
  );
});

describe('a gateway', () => {
  /** The context that a server is told of. */
  async function told(env: Record<string, string>): Promise<Record<string, unknown>> {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const upstream = await GatedUpstream.start((call) => call.text('done'));
    onTestFinished(() => upstream.close());
    const gateway = await startGateway({ pools: [{ name: 'a', endpoints: [{ url: upstream.url }] }] });
    const { traceparent } = context;
    const { body, headers } = modernRequest('tools/call', { name: 'echo', _meta: { traceparent } });
    await rawCall(gateway.url, body, { ...headers, ...context });
    await gateway.stop();
    const at = upstream.messages.findIndex(({ method }) => method === 'tools/call');
    const { traceparent: parent, tracestate: state, baggage } = upstream.requests[at]?.headers ?? {};
    return { parent, state, baggage, meta: upstream.messages[at]?.params?._meta?.['traceparent'] };
  }

  it('passes context on as it came', async () => {
    const { traceparent: parent, tracestate: state, baggage } = context;
    expect(await told({})).toEqual({ parent, state, baggage, meta: parent });
  });

  it('passes on only what is asked for, and leaves bodies alone', async () => {
    const { traceparent: parent, tracestate: state, baggage } = context;
    const nothing = { parent: undefined, state: undefined, baggage: undefined, meta: parent };
    expect(await told({ OTEL_PROPAGATORS: 'none' })).toEqual(nothing);
    expect(await told({ OTEL_PROPAGATORS: 'baggage' })).toEqual({ ...nothing, baggage });
    expect(await told({ OTEL_PROPAGATORS: 'tracecontext' })).toEqual({ ...nothing, parent, state });
  });

  it('begins a trace of its own, of which it tells nobody, where it traces and propagates nothing', async () => {
    const receiver = await OtlpReceiver.start();
    onTestFinished(() => receiver.close());
    expect(await told({ ...receiver.env, OTEL_PROPAGATORS: 'none' })).toMatchObject({
      parent: undefined,
      meta: context.traceparent,
    });
    const spans = receiver.spans.filter(({ name }) => name.startsWith('tools/call'));
    expect(spans.length).toBeGreaterThan(0);
    expect(spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });
});
