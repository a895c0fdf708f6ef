// Advice and a reload that is refused at the last moment: nobody has followed what was advised.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { AdviceReport } from '../../gateway/advise/report.ts';
import { run } from '../../gateway/server/run.ts';
import { Logger } from '../../gateway/telemetry/logger.ts';
import { makeCertificate } from '../support/certificates.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import { unhurried } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

const readOnly = { name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

async function upstream(): Promise<string> {
  const server = await GatedUpstream.start((call) => call.text('the same'));
  server.tools = [readOnly];
  onTestFinished(() => server.close());
  return server.url;
}

function caller(url: string): () => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  onTestFinished(() => agent.destroy());
  const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: {} });
  const types = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${url}/mcp`,
        { method: 'POST', agent, headers: { ...headers, ...types } },
        (answer) => {
          answer.resume().on('end', resolve);
        },
      );
      sent.on('error', reject).end(JSON.stringify(body));
    });
}

it('a reload that fails where its certificate goes between check and use follows no advice', {
  timeout: 40_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'advice-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [first, second] = [makeCertificate(dir, 'first'), makeCertificate(dir, 'second')];
  const url = await upstream();
  const yaml = ({ cert, key }: typeof first, tools: string) =>
    `listen: { port: 0, tls: { cert: '${cert}', key: '${key}' } }\nadmin: { port: 0 }\n` +
    `pools: [{ name: a, endpoints: [{ url: '${url}' }], tools: ${tools} }]\n`;
  const file = join(dir, 'gateway.yaml');
  writeFileSync(file, yaml(first, '[]'));
  const load = () => {
    const loaded = loadConfig(file, { env: {} });
    rmSync(second.cert);
    return loaded;
  };
  const loaded = loadConfig(file, { env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const logger = new Logger({ level: 'silent', format: 'json' });
  const running = await run({ ...loaded, reread: { file, load } }, logger, { vitals: unhurried });
  onTestFinished(() => running.stop(500));

  const call = caller(running.url);
  const advice = async () => (await (await fetch(`${running.adminUrl}/admin/advice`)).json()) as AdviceReport;
  const told = async () => {
    for (let n = 0; n < 120; n++) await call();
    return (await advice()).findings.map(({ id }) => id);
  };
  await expect.poll(told, { timeout: 15_000 }).toEqual(['GW002']);

  writeFileSync(file, yaml(second, '[{ match: echo, cache: { ttl: 10s } }]'));
  expect(await running.reload('admin')).toMatchObject({
    ok: false,
    problems: [expect.stringContaining(second.cert)],
  });
  expect((await advice()).applied).toEqual([]);
});
