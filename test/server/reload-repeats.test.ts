// Reloads and what is sent again: what retries have spent, and what hedges have learnt, is not forgotten by a reload.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

let ups: [FaultUpstream, FaultUpstream];
let gw: TestGateway;

/** Nothing is ejected, so that whatever fails is a matter of retries alone. */
const frame = 'balance: round_robin, outlier: { max_ejected_percent: 0 }';

function fileOf(settings: string): string {
  const endpoints = ups.map(({ url }) => `{ url: "${url}" }`).join(', ');
  return `pools: [{ name: a, endpoints: [${endpoints}], ${frame}, ${settings} }]\n`;
}

async function reload(settings: string): Promise<void> {
  gw.rewrite(fileOf(settings));
  expect(await gw.reload('signal')).toMatchObject({ ok: true });
}

async function call(times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) {
    const { body, headers } = modernRequest('tools/call', { name: 'read', arguments: {} });
    statuses.push((await rawCall(gw.at(), body, headers)).status);
  }
  return statuses;
}

const arrived = () => ups.reduce((sum, up) => sum + up.calls().length, 0);

beforeEach(async () => {
  ups = [await startFaults(), await startFaults()];
});

afterEach(async () => {
  await gw.stop(500);
  for (const up of ups) await up.close();
});

describe('a reload during a general failure', () => {
  const tools = 'tools: [{ match: "*", retry: safe }]';

  beforeEach(async () => {
    gw = await startGateway(fileOf(tools));
    for (const up of ups) up.on('tools/call', 'status-500');
    await call(5);
    expect(arrived()).toBe(5 + 3);
  });

  it.each([
    ['of the retries themselves', `${tools}, retry: { attempts: 3 }`],
    ['of the rules of tools', 'tools: [{ match: "r*", retry: safe }]'],
    ['of the pool', `${tools}, connect_timeout: 3s`],
  ])('gives no fresh retries, whatever changes: settings %s', async (_what, settings) => {
    await reload(settings);
    await call(4);
    expect(arrived()).toBe(5 + 3 + 4);
  });

  it('has later requests earn retries by the new share', async () => {
    await reload(`${tools}, retry: { budget_percent: 100 }`);
    await call(1);
    expect(arrived()).toBe(5 + 3 + 2);
  });
});

it('what a call under way still has to spend is spent of the one budget', async () => {
  const tools = 'tools: [{ match: "*", retry: safe }]';
  gw = await startGateway(fileOf(tools));
  for (const up of ups) up.on('tools/call', 'status-500');
  const held = Promise.withResolvers<void>();
  for (const up of ups)
    up.hold = ({ message }) => (message?.method === 'tools/call' ? held.promise : undefined);
  const under = Promise.all(Array.from({ length: 4 }, () => call(1)));
  await expect.poll(arrived, { timeout: 5000 }).toBe(4);
  await reload(`${tools}, connect_timeout: 3s`);
  held.resolve();
  await under;
  await call(4);
  expect(arrived()).toBe(4 + 3 + 4);
});

describe('hedges', () => {
  const tools = (hedge: string) => `tools: [{ match: "re*", retry: safe, hedge: { ${hedge} } }]`;

  it('know after a reload how long calls of their rule take', async () => {
    gw = await startGateway(fileOf(tools('after: p95, budget_percent: 100')));
    // As many as it takes to know a 95th percentile.
    await call(32);
    await reload(tools('after: p95, budget_percent: 50'));
    ups[0].on('tools/call', 'hang');
    expect(await call(2)).toEqual([200, 200]);
  });

  it('do not spend after a reload what they have spent before', async () => {
    gw = await startGateway(fileOf(tools('after: 5ms, budget_percent: 5')));
    for (const up of ups) up.on('tools/call', 'slow');
    await call(4);
    expect(arrived()).toBe(4 + 3);
    await reload(tools('after: 6ms, budget_percent: 6'));
    await call(4);
    expect(arrived()).toBe(4 + 3 + 4);
  });
});
