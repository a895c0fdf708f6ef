// What was given up while a stage waited, and nothing was in charge of it, is not sent any more.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import type { PoolConfig } from '../../config/schema.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { compose } from '../../gateway/core/stage.ts';
import { timeouts } from '../../gateway/limits/timeouts.ts';
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

beforeEach(async () => {
  upstream = await startScripted((_request, response) => void response.writeHead(202).end());
  const text = JSON.stringify({ version: 1, pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }] });
  const loaded = parseConfig(text, { file: 'test.yaml', env: {}, dir: '.' });
  if (!loaded.ok) throw new Error('the configuration is wrong');
  const { pools, limits } = loaded.config;
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
