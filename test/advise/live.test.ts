// Advice on a real gateway: figures of calls over real sockets, the same from its log, and what became of a change.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { AdviceReport } from '../../gateway/advise/report.ts';
import { runCommand } from '../commands/run-command.ts';
import { rawCall } from '../support/clients.ts';
import type { GatedCall, OnCall } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

/** Answers a call after a time, unless it only warms the gateway up. */
async function takes(call: GatedCall, ms: number): Promise<void> {
  if (call.message.params?.arguments?.['warm'] !== true) await pause(ms);
}

async function upstream(onCall: OnCall, tools?: unknown[]): Promise<string> {
  const server = await GatedUpstream.start(onCall);
  if (tools !== undefined) server.tools = tools;
  onTestFinished(() => server.close());
  return server.url;
}

async function gateway(yaml: string): Promise<TestGateway> {
  const started = await startGateway(`drain: { timeout: 1s }\n${yaml}`);
  onTestFinished(() => started.stop());
  // Until the gateway knows the tool's name, it counts its calls under another.
  const known = async () => {
    await callTool(started, { warm: true });
    return started.metric('mcp_server_operation_duration_seconds_count', 'gen_ai_tool_name="echo"');
  };
  await expect.poll(known, { timeout: 15_000 }).toBeGreaterThan(0);
  return started;
}

const poolAt = (urls: readonly string[], more = '') =>
  `pools: [{ name: a, endpoints: [${urls.map((url) => `{ url: '${url}' }`).join(', ')}]${more} }]\n`;

async function callTool(to: TestGateway, args: object = {}): Promise<void> {
  const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: args });
  await rawCall(to.at(), body, headers);
}

/** Makes calls, so many at a time. */
async function calls(to: TestGateway, count: number, atOnce: number): Promise<void> {
  let left = count;
  const one = async () => {
    while (left-- > 0) await callTool(to);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

async function advice(of: TestGateway, count: number): Promise<AdviceReport> {
  let report: AdviceReport | undefined;
  const get = async () => {
    report = (await (await fetch(`${of.adminUrl}/admin/advice`)).json()) as AdviceReport;
    return report.calls;
  };
  await expect.poll(get, { timeout: 15_000 }).toBeGreaterThan(count);
  return report as AdviceReport;
}

const told = ({ findings }: AdviceReport) => findings.map(({ id, subject }) => [id, subject]);

/** Advice on the gateway's log by the program, with the gateway's own file. */
async function offline(of: TestGateway) {
  const dir = mkdtempSync(join(tmpdir(), 'advise-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const lines = of.logs().map((record) => JSON.stringify(record));
  writeFileSync(join(dir, 'events.jsonl'), lines.join('\n'));
  return runCommand(['advise', '-c', of.file, '--from', 'events.jsonl', '--json', '--fail-on', 'error'], {
    cwd: dir,
  });
}

// Real calls take their time on a busy machine.
describe('live advice', { timeout: 40_000 }, () => {
  it('is silent while nothing is wrong, and says what it has not seen enough of', async () => {
    const url = await upstream((call) => call.text('done'));
    const own = await gateway(poolAt([url]));
    await calls(own, 150, 4);
    const report = await advice(own, 150);
    expect(report.findings).toEqual([]);
    const tooFew = report.abstentions.filter(({ subject }) => subject !== 'a/_other');
    expect(tooFew.map(({ id }) => id)).toEqual(['GW002', 'GW004', 'GW005']);
    expect(await own.metric('mcp_gateway_advice')).toBe(0);
  });

  it('names the endpoint that fails, and says the same of the log', async () => {
    const good = await upstream((call) => call.text('done'));
    const bad = await upstream((call) => call.answer({ ...text('no such table'), isError: true }));
    const own = await gateway(poolAt([good, bad], ', balance: round_robin'));
    await calls(own, 200, 4);
    const logged = () => own.logs().filter(({ event }) => event === 'tool_execution').length;
    const missing = async () => (await advice(own, 200)).calls - logged();
    await expect.poll(missing, { timeout: 15_000 }).toBe(0);
    const report = await advice(own, 200);
    expect(told(report)).toEqual([['GW007', `a ${bad}`]]);
    expect(await own.metric('mcp_gateway_advice', 'rule="GW007",severity="error"')).toBe(1);

    const { stdout, code } = await offline(own);
    expect(code).toBe(3);
    const ofLog = JSON.parse(stdout) as AdviceReport;
    expect(told(ofLog)).toEqual(told(report));
    expect(ofLog.findings[0]?.sentence).toBe(report.findings[0]?.sentence);
    expect(ofLog.calls).toBe(report.calls);
  });

  it('names the tool that is slow', async () => {
    const url = await upstream((call) => void takes(call, 2050).then(() => call.text('done')));
    const own = await gateway(`limits: { concurrency: 150 }\n${poolAt([url], ', connections: 200')}`);
    await calls(own, 120, 120);
    const report = await advice(own, 120);
    expect(told(report)).toEqual([['GW001', 'a/echo']]);
  });

  it('proposes to cache what repeats, predicts the hits, and counts them once it is done', async () => {
    const readOnly = { name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };
    const url = await upstream(
      (call) => call.text(`no ${call.message.params?.arguments?.['n']}`),
      [readOnly],
    );
    const own = await gateway(poolAt([url]));
    // Twenty questions, ten times over.
    const ask = async () => {
      for (let n = 0; n < 200; n++) await callTool(own, { n: n % 20 });
    };
    await ask();
    const report = await advice(own, 200);
    expect(told(report)).toEqual([['GW002', 'a/echo']]);
    const { tools } = (parse(report.patch) as { pools: { tools: { cache: unknown }[] }[] }).pools[0] ?? {};
    expect(tools).toEqual([{ match: 'echo', cache: { ttl: '10s' } }]);

    own.rewrite(`drain: { timeout: 1s }\n${poolAt([url], `, tools: ${JSON.stringify(tools)}`)}`);
    expect(await own.reload('admin')).toMatchObject({ ok: true });
    await ask();
    const [applied] = (await advice(own, 400)).applied;
    expect(applied?.id).toBe('GW002');
    expect(Math.abs((applied?.achieved ?? 0) - (applied?.predicted ?? 1))).toBeLessThan(0.05);
  });

  it('gives a full pool more room, and sees afterwards that its calls no longer wait', async () => {
    const url = await upstream((call) => void takes(call, 30).then(() => call.text('done')));
    const yaml = (room: unknown) =>
      `limits: { concurrency: 100 }\n${poolAt([url], `, max_in_flight: ${room}, connections: 50`)}`;
    const own = await gateway(yaml(2));
    await calls(own, 150, 12);
    const report = await advice(own, 150);
    expect(told(report)).toEqual([['GW006', 'a']]);
    const queued = own.logs().filter(({ queue_ms: ms }) => Number(ms) > 0);
    expect(queued.length).toBeGreaterThan(75);
    for (const { queue_ms: ms, upstream_ms: with_upstream, duration_ms: all } of queued) {
      expect(Number(ms) + Number(with_upstream)).toBeLessThan(Number(all) + 0.01);
    }
    const { max_in_flight: room } =
      (parse(report.patch) as { pools: { max_in_flight: number }[] }).pools[0] ?? {};
    expect(room).toBeGreaterThanOrEqual(12);
    own.rewrite(`drain: { timeout: 1s }\n${yaml(room)}`);
    expect(await own.reload('admin')).toMatchObject({ ok: true });
    const [before] = (await advice(own, 150)).applied;
    expect(before?.sentence).toMatch(/need 100 calls since to judge/);
    await calls(own, 120, 8);
    const [applied] = (await advice(own, 270)).applied;
    expect(applied).toMatchObject({ id: 'GW006', predicted: 0 });
    expect(applied?.achieved).toBeLessThan(0.05);
  });
});
