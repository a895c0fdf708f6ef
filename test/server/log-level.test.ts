// The log level of a running gateway: changed over the admin listener, behind its guard.
import { afterEach, describe, expect, it } from 'vitest';
import { FaultUpstream } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';

const TOKEN = 'a-token-of-the-operator-0123456789';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(): Promise<TestGateway> {
  const upstream = new FaultUpstream();
  await upstream.listen();
  const gateway = await startGateway({
    admin: { token: TOKEN },
    pools: [{ name: 'one', endpoints: [{ url: upstream.url }] }],
  });
  closing.push(
    () => gateway.stop(),
    () => upstream.close(),
  );
  return gateway;
}

function change({ adminUrl }: TestGateway, body: string, token = TOKEN): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${adminUrl}/admin/log-level`, { method: 'POST', headers, body });
}

describe('the log level', () => {
  it('changes for the running process', async () => {
    const gateway = await start();
    const answer = await change(gateway, '{"level":"error"}');
    expect([answer.status, await answer.json()]).toEqual([200, { level: 'error', before: 'silent' }]);
    const told = await fetch(`${gateway.adminUrl}/admin/log-level`);
    expect(await told.json()).toEqual({ level: 'error' });
  });

  it('stays as it is for what is no level, and for who has no token', async () => {
    const gateway = await start();
    const wrong = ['{"level":"loud"}', '{}', 'nonsense', '[]', 'null'];
    const answers = await Promise.all(wrong.map((body) => change(gateway, body)));
    expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 400));
    expect((await change(gateway, '{"level":"debug"}', 'guessed')).status).toBe(401);
    const told = await fetch(`${gateway.adminUrl}/admin/log-level`);
    expect(await told.json()).toEqual({ level: 'silent' });
  });
});
