// The log level of a running gateway: changed over the admin listener, behind its guard.
import { afterEach, describe, expect, it } from 'vitest';
import { FaultUpstream } from '../support/fault-upstream.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';

const TOKEN = 'a-token-of-the-operator-0123456789';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(): Promise<GatewayProcess> {
  const upstream = new FaultUpstream();
  await upstream.listen();
  const yaml = `listen: { port: 0 }
admin: { port: 0, token: ${TOKEN} }
version: 1
pools: [{ name: one, endpoints: [{ url: ${upstream.url} }] }]
`;
  const gateway = await startGatewayProcess(yaml);
  closing.push(
    () => gateway.dispose(),
    () => upstream.close(),
  );
  return gateway;
}

function change({ adminUrl }: GatewayProcess, body: string, token = TOKEN): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${adminUrl}/admin/log-level`, { method: 'POST', headers, body });
}

describe('the log level', () => {
  it('changes for the running process, and the change is logged', async () => {
    const gateway = await start();
    const answer = await change(gateway, '{"level":"debug"}');
    expect([answer.status, await answer.json()]).toEqual([200, { level: 'debug', before: 'info' }]);
    expect(await gateway.logged('log_level')).toMatchObject({ from: 'info', to: 'debug' });
    const told = await fetch(`${gateway.adminUrl}/admin/log-level`);
    expect(await told.json()).toEqual({ level: 'debug' });
  });

  it('stays as it is for what is no level, and for who has no token', async () => {
    const gateway = await start();
    const wrong = ['{"level":"loud"}', '{}', 'nonsense', '[]', 'null'];
    const answers = await Promise.all(wrong.map((body) => change(gateway, body)));
    expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 400));
    expect((await change(gateway, '{"level":"debug"}', 'guessed')).status).toBe(401);
    const told = await fetch(`${gateway.adminUrl}/admin/log-level`);
    expect(await told.json()).toEqual({ level: 'info' });
  });
});
