// Gateways as reloads make them: one after another, each letting go of what its successor has.
import { expect, it, onTestFinished } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { Failure } from '../gateway/core/failure.ts';
import { refusal } from '../gateway/core/refusal.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { buildGateway } from '../gateway/gateway.ts';
import { Shared } from '../gateway/shared.ts';
import { Logger } from '../gateway/telemetry/logger.ts';
import { Telemetry } from '../gateway/telemetry/telemetry.ts';
import { makeExchange } from './core/make-exchange.ts';
import { GatedUpstream } from './support/gated-upstream.ts';

/** An upstream, and what builds gateways in front of it, each with other settings of its pool. */
async function start() {
  const upstream = await GatedUpstream.start();
  onTestFinished(() => upstream.close());
  const logger = new Logger({ level: 'silent', format: 'json' });
  const telemetry = new Telemetry({
    logger,
    version: '0',
    callEnded: () => undefined,
    knowsTool: () => false,
    knowsPrompt: () => false,
  });
  const shared = new Shared(telemetry, undefined);
  onTestFinished(() => shared.close());
  const pool = { name: 'p', endpoints: [{ url: upstream.url }] };
  return (settings: object, previous?: Gateway) =>
    buildGateway(configSchema.parse({ pools: [{ ...pool, ...settings }] }), shared, previous);
}

it.each([
  ['whatever else changes', { health: { interval: '11s' } }],
  ['also on sockets that the next one does not use', { keep_alive: '5s' }],
])('a quiet stream holds no gateway that has gone, %s', async (_when, change) => {
  const build = await start();
  const first = build({});
  const x = makeExchange(undefined, { method: 'GET' });
  const reply = await first.handlers.get('/mcp')?.(x);
  expect(reply).toMatchObject({ status: 200, sse: true });
  const second = build(change, first);
  void first.retire(second);
  const third = build({}, second);
  onTestFinished(() => third.close());
  // Would wait for the stream, of which it never knew.
  await second.retire(third);
  expect(x.closed).toBe(false);
  x.cancel(refusal('draining'));
  x.close();
});

it('the endpoints of a gateway that has a successor are watched by that one alone', async () => {
  const build = await start();
  const spare = await GatedUpstream.start();
  onTestFinished(() => spare.close());
  const endpoints = Array.from('abcd', (path) => ({ url: `${spare.url}/${path}` }));
  const first = build({ endpoints });
  const second = build({ endpoints, health: { interval: '11s' } }, first);
  onTestFinished(() => second.close());
  const fail = (gateway: Gateway) => {
    const { pool, watch } = gateway.pools.get('p') ?? {};
    const [endpoint] = pool?.endpoints ?? [];
    if (endpoint === undefined) throw new Error('no endpoint');
    for (let i = 0; i < 5; i++) watch?.attempted(endpoint, new Failure('status', true, 'answered 500'));
    return endpoint.state;
  };
  expect(fail(first)).toBe('available');
  expect(fail(second)).toBe('ejected');
  await first.retire(second);
});
