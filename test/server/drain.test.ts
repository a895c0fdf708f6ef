// The way down: what is in flight finishes, streams end in good order, clients are led elsewhere, and it ends in time.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { FaultUpstream, FaultUpstreamOptions } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function upstream(options?: FaultUpstreamOptions): Promise<FaultUpstream> {
  const started = await startFaults(options);
  cleanups.push(() => started.close());
  return started;
}

async function gateway(yaml: string, stops = true): Promise<TestGateway> {
  const started = await startGateway(yaml);
  if (stops) cleanups.push(() => started.stop(2000));
  return started;
}

function pools(...endpoints: FaultUpstream[]): string {
  return `pools: [{ name: a, endpoints: [${endpoints.map(({ url }) => `{ url: "${url}" }`).join(', ')}] }]\n`;
}

function call(url: string, tool = 'ok', args: Record<string, unknown> = {}, agent: Agent | false = false) {
  const { body, headers } = modernRequest('tools/call', { name: tool, arguments: args });
  return rawCall(url, body, headers, { agent });
}

async function session(url: string): Promise<string> {
  const { body, headers } = initializeRequest();
  const { headers: answered } = await rawCall(url, body, headers);
  return String(answered['mcp-session-id']);
}

const ready = async (gw: TestGateway) => (await fetch(`${gw.adminUrl}/readyz`)).status;

describe('a gateway that shuts down', () => {
  it('says so at once, serves on for the delay with every answer closing its connection, then accepts nothing', async () => {
    const gw = await gateway(`drain: { delay: 1500ms }\n${pools(await upstream())}`, false);
    // It is ready once an endpoint has answered its first check.
    await expect.poll(() => ready(gw)).toBe(200);
    const stopped = gw.stop();
    expect(await ready(gw)).toBe(503);
    const answer = await call(gw.at());
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe('close');
    await stopped;
    await expect(call(gw.at())).rejects.toThrow('ECONNREFUSED');
  });

  it('lets a call in flight finish', async () => {
    const up = await upstream();
    const gw = await gateway(pools(up), false);
    const arrived = up.nextCall();
    const slow = call(gw.at(), 'slow', { ms: 800 });
    await arrived;
    const stopped = gw.stop();
    expect(await slow).toMatchObject({ status: 200, complete: true });
    await stopped;
  });

  it('ends the streams of both eras in the way of each', async () => {
    const up = await upstream({ sessions: true });
    const gw = await gateway(pools(up), false);
    up.on('GET', 'quiet-sse');
    up.on('subscriptions/listen', 'quiet-sse');
    const get = await openEventStream(gw.at(), undefined, { 'mcp-session-id': await session(gw.at()) });
    const subscription = modernRequest('subscriptions/listen', { notifications: {} }, 'listen-1');
    const listen = await openEventStream(gw.at(), subscription.body, subscription.headers);
    const stopped = gw.stop();
    expect((await listen.next())?.message).toEqual({
      jsonrpc: '2.0',
      id: 'listen-1',
      result: {
        resultType: 'complete',
        _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen-1' },
      },
    });
    expect(await get.next()).toMatchObject({ retry: '1000' });
    expect([await listen.next(), await get.next()]).toEqual([undefined, undefined]);
    await stopped;
  });

  it('serves what was on its way over a kept connection, and later refuses with a time to come back', async () => {
    const up = await upstream();
    const gw = await gateway(pools(up), false);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await call(gw.at(), 'ok', {}, agent)).headers.connection).toBe('keep-alive');
    const { port } = new URL(gw.url);
    const [idle, slow] = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
    const idleClosed = once(idle.resume(), 'close');
    await Promise.all([once(idle, 'connect'), once(slow, 'connect')]);
    idle.write(`GET /health HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`);
    await once(idle, 'data');
    // A request whose head is still arriving keeps its connection from being idle.
    slow.write('POST /mcp HTTP/1.1\r\n');
    await vi.waitFor(async () => expect(await gw.metric('mcp_gateway_client_connections')).toBe(3), {
      timeout: 10_000,
    });
    const arrived = up.nextReceived(({ message }) => message?.params?.name === 'slow');
    const inFlight = call(gw.at(), 'slow', { ms: 3000 });
    await arrived;
    const stopped = gw.stop();
    const last = await call(gw.at(), 'ok', {}, agent);
    expect([last.status, last.headers.connection]).toEqual([200, 'close']);
    await idleClosed;
    slow.write(`host: localhost:${port}\r\ncontent-length: 2\r\n\r\n{}`);
    const answer = await text(slow);
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toMatch(/\r\nretry-after: 1\r\n/i);
    expect(answer).toContain('"reason":"draining","retry_after_ms":1000');
    expect((await inFlight).status).toBe(200);
    await stopped;
  });

  it('serves what came while the process had no time to read it', async () => {
    const gw = await gateway(pools(await upstream()), false);
    const { port } = new URL(gw.url);
    const kept = connect(Number(port), '127.0.0.1');
    const health = `GET /health HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`;
    kept.write(health);
    await once(kept, 'data');
    const stopped = gw.stop();
    await vi.waitFor(() => expect(call(gw.at())).rejects.toThrow('ECONNREFUSED'), { timeout: 10_000 });
    const { body, headers } = modernRequest('tools/call', { name: 'ok' });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const json = JSON.stringify(body);
    kept.write(
      `POST /mcp HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\n` +
        `accept: application/json, text/event-stream\r\n${lines.join('')}content-length: ${json.length}\r\n\r\n${json}`,
    );
    // The bytes are in the system's hands by now; nothing runs in here for longer than any quiet that drain waits for.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    expect(await text(kept)).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
    await stopped;
  });

  it('refuses and cuts what is left when its time is over', async () => {
    const up = await upstream();
    const gw = await gateway(`drain: { timeout: 300ms }\n${pools(up)}`, false);
    const arrived = up.nextCall();
    const hanging = call(gw.at(), 'hang');
    await arrived;
    await gw.stop();
    expect(await hanging).toMatchObject({
      status: 503,
      json: { id: 1, error: { data: { source: 'gateway', reason: 'draining' } } },
    });
    expect((await hanging).headers['retry-after']).toBe('1');
  });
});

describe('a drained endpoint', () => {
  it('keeps its sessions and gets no new ones and no calls, over reloads, until it is put back', async () => {
    const ups = [
      await upstream({ sessions: true, name: 'one' }),
      await upstream({ sessions: true, name: 'two' }),
    ];
    const [one, two] = ups as [FaultUpstream, FaultUpstream];
    const gw = await gateway(pools(one, two));
    const sessions = [await session(gw.at()), await session(gw.at())];
    expect([one.sessions.size, two.sessions.size]).toEqual([1, 1]);
    const url = (verb: string) => `${gw.adminUrl}/admin/endpoints/a/${encodeURIComponent(one.url)}/${verb}`;
    expect(await (await fetch(url('drain'), { method: 'POST' })).json()).toMatchObject({ state: 'draining' });
    gw.rewrite(`limits: { timeout: 7s }\n${pools(one, two)}`);
    expect((await gw.reload('signal')).ok).toBe(true);
    gw.rewrite(
      `limits: { timeout: 7s }\n${pools(one, two).replace('name: a', 'name: a, balance: round_robin')}`,
    );
    expect((await gw.reload('signal')).ok).toBe(true);
    const before = one.calls().length;
    for (let i = 0; i < 4; i++) expect((await call(gw.at())).status).toBe(200);
    await session(gw.at());
    expect([one.calls().length, one.sessions.size, two.sessions.size]).toEqual([before, 1, 2]);
    for (const id of sessions) {
      const { body, headers } = legacyRequest('tools/call', { name: 'ok' }, 2, id);
      expect((await rawCall(gw.at(), body, headers)).status).toBe(200);
    }
    expect(one.calls().length).toBe(before + 1);
    expect((await fetch(url('undrain'), { method: 'POST' })).status).toBe(200);
    for (let i = 0; i < 4; i++) await call(gw.at());
    expect(one.calls().length).toBeGreaterThan(before + 1);
  });

  it('that was the last one leaves the calls to one that was out and is well again, at once', async () => {
    const [outlier, last] = [await upstream({ name: 'outlier' }), await upstream({ name: 'last' })];
    // By its own time neither the ejection nor the next check would come before the test's end.
    const pool = `{ name: a, balance: round_robin, health: { interval: 1h }, outlier: { ejection: 1h }, endpoints: [{ url: "${outlier.url}" }, { url: "${last.url}" }] }`;
    const gw = await gateway(`pools: [${pool}]\n`);
    outlier.on('tools/call', 'status-500');
    for (let i = 0; i < 10; i++) await call(gw.at());
    expect(await gw.metric('mcp_gateway_endpoint_ejected', outlier.url)).toBe(1);
    outlier.on('tools/call', undefined);
    await fetch(`${gw.adminUrl}/admin/endpoints/a/${encodeURIComponent(last.url)}/drain`, { method: 'POST' });
    await vi.waitFor(async () => expect((await call(gw.at())).status).toBe(200), { timeout: 10_000 });
  });

  it('is drained and put back from the command line', { timeout: 60_000 }, async () => {
    const up = await upstream();
    const gw = await gateway(pools(up));
    const { port } = new URL(gw.adminUrl);
    // The file says port 0; the command must be told the real one.
    const file = `${gw.file}.cli.yaml`;
    writeFileSync(file, `listen: { port: 1 }\nadmin: { port: ${port} }\n${pools(up)}`);
    const cli = (...args: string[]) => runCommand([...args, '-c', file], { cwd: tmpdir() });
    const drained = await cli('drain', up.url);
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('is draining') });
    await vi.waitFor(async () => expect(await ready(gw)).toBe(503), { timeout: 10_000 });
    expect(await cli('undrain', up.url, '--json')).toMatchObject({ code: 0 });
    expect(await ready(gw)).toBe(200);
    expect(await cli('drain', 'http://nowhere/mcp')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No pool has'),
    });
  });

  it('needs of the file that the command line is given the admin section only', {
    timeout: 60_000,
  }, async () => {
    const up = await upstream();
    const gw = await gateway(pools(up));
    const file = `${gw.file}.cli.yaml`;
    const { port } = new URL(gw.adminUrl);
    const mistakes =
      'listen: { tls: { cert: away.crt, key: away.key } }\npools: []\nlimits: { timeout: soon }\n';
    writeFileSync(file, `admin: { port: ${port} }\n${mistakes}`);
    const cli = (...args: string[]) => runCommand([...args, '-c', file], { cwd: tmpdir() });
    expect(await cli('drain', up.url)).toMatchObject({ code: 0, stderr: '' });
    expect(await cli('undrain', up.url)).toMatchObject({ code: 0, stderr: '' });
  });
});
