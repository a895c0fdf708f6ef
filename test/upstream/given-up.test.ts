// What was given up while a stage waited, and nothing was in charge of it, is not sent any more and waits for nothing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import type { Config, PoolConfig } from '../../config/schema.ts';
import { Flight } from '../../gateway/cache/single-flight.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import type { Stage } from '../../gateway/core/stage.ts';
import { compose } from '../../gateway/core/stage.ts';
import type { RuleOf } from '../../gateway/core/tool-rules.ts';
import { compileToolRules } from '../../gateway/core/tool-rules.ts';
import { defaultPolicy } from '../../gateway/limits/client-policies.ts';
import { Concurrency } from '../../gateway/limits/concurrency.ts';
import { timeouts } from '../../gateway/limits/timeouts.ts';
import { ToolConcurrency } from '../../gateway/limits/tool-concurrency.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import { forward } from '../../gateway/upstream/forward.ts';
import { Pool } from '../../gateway/upstream/pool.ts';
import { poolSettings } from '../../gateway/upstream/pool-settings.ts';
import { Retries } from '../../gateway/upstream/retry.ts';
import { makeExchange, request } from '../core/make-exchange.ts';
import type { ScriptedUpstream } from '../support/scripted-upstream.ts';
import { startScripted } from '../support/scripted-upstream.ts';

let upstream: ScriptedUpstream;
let pool: Pool;
let limits: Config['limits'];
let ruleOf: RuleOf;

beforeEach(async () => {
  upstream = await startScripted((_request, response) => void response.writeHead(202).end());
  const text = JSON.stringify({
    version: 1,
    pools: [{ name: 'p', endpoints: [{ url: upstream.url }], tools: [{ match: 'slow', concurrency: 1 }] }],
  });
  const loaded = parseConfig(text, { file: 'test.yaml', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error('the configuration is wrong');
  const { pools } = loaded.config;
  limits = loaded.config.limits;
  ruleOf = compileToolRules(pools[0]?.tools ?? []) as RuleOf;
  pool = new Pool(poolSettings(pools[0] as PoolConfig, limits));
});

afterEach(async () => {
  await pool.destroy();
  await upstream.close();
});

/** Sends `x` behind a stage that waits for `until`. */
function sendAfter(x: Exchange, until: Promise<unknown>, timeoutMs = 10_000) {
  const retries = new Retries({ attempts: 2, budgetPercent: 20, isSafeTool: () => false, count: () => {} });
  const parts = { pool, repeats: { retries, hedges: undefined }, watchAttempt: () => undefined };
  const limited = timeouts(() => ({ timeoutMs, maxTimeoutMs: 10_000 }));
  return compose([limited, (next) => (one) => until.then(() => next(one))], forward(parts))(x);
}

it('a call whose time is up', async () => {
  const x = makeExchange(request('tools/call', { name: 'slow' }));
  const expired = Promise.withResolvers<void>();
  const cancel = x.cancel.bind(x);
  x.cancel = (why) => {
    cancel(why);
    expired.resolve();
  };
  expect((await sendAfter(x, expired.promise, 50)).refusal?.reason).toBe('timeout');
  expect(upstream.received).toEqual([]);
});

it('a stateless call whose client has gone', async () => {
  const x = makeExchange(request('tools/call', { name: 'slow' }), {}, modern);
  x.disconnect();
  expect((await sendAfter(x, Promise.resolve())).refusal?.reason).toBe('upstream_failed');
  expect(x.errorType).toBe('cancelled');
  expect(upstream.received).toEqual([]);
});

it('but a sessionful call whose client has gone is: only its word would cancel it', async () => {
  const x = makeExchange(request('tools/call', { name: 'slow' }));
  x.disconnect();
  await sendAfter(x, Promise.resolve());
  expect(upstream.received).toHaveLength(1);
});

describe('while others have all the slots, a call that was given up', () => {
  const slotOf: Record<string, () => Stage> = {
    client: () => new Concurrency(() => undefined).stage({ ...defaultPolicy(limits), concurrency: 1 }),
    tool: () => new ToolConcurrency().stage('p', ruleOf, defaultPolicy(limits)),
  };

  it.each(Object.keys(slotOf))('does not wait for one of its %s', async (whose) => {
    const slot = slotOf[whose] as () => Stage;
    const sent = compose([slot()], () => new Promise(() => undefined));
    const call = () => makeExchange(request('tools/call', { name: 'slow' }), {}, modern);
    void sent(call());
    const x = call();
    x.disconnect();
    expect((await sent(x)).refusal?.message).toBe('The client has gone');
  });
});

it('does not wait for the answer that another one fetches', async () => {
  const [leader, x] = [makeExchange(request('tools/list')), makeExchange(request('tools/list'), {}, modern)];
  const flight = new Flight();
  flight.begin(leader, 0);
  x.disconnect();
  const never = () => new Promise<never>(() => undefined);
  const reply = await flight.join({ x, serve: never, lead: never, alone: never });
  expect(reply.refusal?.message).toBe('The client has gone');
  expect(leader.shared).toBe(false);
});
