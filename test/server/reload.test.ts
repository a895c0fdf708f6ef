// Reload: what changes is put to use without a failed call, what does not change is kept, and a bad file changes nothing.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FileWatch } from '../../gateway/server/file-watch.ts';
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

async function gateway(yaml: string): Promise<TestGateway> {
  const started = await startGateway(yaml);
  cleanups.push(() => started.stop(2000));
  return started;
}

function pool(name: string, endpoints: readonly FaultUpstream[], more = ''): string {
  const urls = endpoints.map(({ url }) => `{ url: "${url}" }`).join(', ');
  return `  - { name: ${name}, endpoints: [${urls}]${more} }\n`;
}

function call(url: string, tool = 'ok', args: Record<string, unknown> = {}) {
  const { body, headers } = modernRequest('tools/call', { name: tool, arguments: args });
  return rawCall(url, body, headers);
}

describe('a reload', () => {
  it('loses no call while endpoints and limits change under load', async () => {
    const ups = await Promise.all([upstream(), upstream(), upstream()]);
    const file = (round: number) =>
      `limits: { timeout: ${20 + round}s }\npools:\n${pool('a', ups.toSpliced(round % 3, 1))}`;
    const gw = await gateway(file(0));
    let calling = true;
    const statuses = new Set<number>();
    let calls = 0;
    const client = async () => {
      while (calling) {
        statuses.add((await call(gw.at(), 'slow', { ms: 5 })).status);
        calls++;
      }
    };
    const clients = Array.from({ length: 10 }, client);
    for (let round = 1; round <= 20; round++) {
      gw.rewrite(file(round));
      expect(await gw.reload('signal')).toMatchObject({ ok: true });
      const soon = calls + 20;
      await vi.waitFor(() => expect(calls).toBeGreaterThan(soon), { timeout: 10_000, interval: 5 });
    }
    calling = false;
    await Promise.all(clients);
    expect([...statuses]).toEqual([200]);
  });

  it('keeps the sockets and sessions of a pool that is as before, and of endpoints that stay', async () => {
    const [kept, other, added] = [await upstream({ sessions: true }), await upstream(), await upstream()];
    const gw = await gateway(`pools:\n${pool('a', [kept])}${pool('b', [other])}routes:
  - { path: /a, pools: [a], prefix: never }
  - { path: /b, pools: [b], prefix: never }
`);
    const hello = initializeRequest();
    const opened = await rawCall(gw.at('/a'), hello.body, hello.headers);
    const session = String(opened.headers['mcp-session-id']);
    await call(gw.at('/b'));
    await vi.waitFor(() => expect(kept.calls('tools/list').length).toBeGreaterThan(0), { timeout: 10_000 });
    const before = new Map([kept, other].map((one) => [one, one.connectionsAccepted]));
    gw.rewrite(`limits: { timeout: 9s }\npools:\n${pool('b', [other, added])}${pool('a', [kept])}routes:
  - { path: /a, pools: [a], prefix: never }
  - { path: /b, pools: [b], prefix: never }
`);
    expect(await gw.reload('signal')).toMatchObject({ changed: ['limits.timeout', 'pools[b].endpoints'] });
    const { body, headers } = legacyRequest('tools/call', { name: 'ok' }, 2, session);
    expect((await rawCall(gw.at('/a'), body, headers)).status).toBe(200);
    while (other.calls().length < 3) expect((await call(gw.at('/b'))).status).toBe(200);
    // The gateway's own requests may open sockets of their own.
    for (const [one, accepted] of before) {
      expect(Math.max(...one.calls().map(({ connection }) => connection))).toBeLessThanOrEqual(accepted);
    }
    expect(added.calls().length).toBeGreaterThan(0);
  });

  it('lets a call at an endpoint that has left finish, ends its streams, and only then closes its sockets', async () => {
    const [old, next] = [await upstream({ sessions: true }), await upstream()];
    const gw = await gateway(`pools:\n${pool('a', [old])}`);
    const hello = initializeRequest();
    const opened = await rawCall(gw.at(), hello.body, hello.headers);
    const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
    old.on('GET', 'quiet-sse');
    const stream = await openEventStream(gw.at(), undefined, session);
    const arrived = old.nextCall();
    const slow = call(gw.at(), 'slow', { ms: 300 });
    await arrived;
    gw.rewrite(`pools:\n${pool('a', [next])}`);
    await gw.reload('signal');
    expect(await stream.next()).toMatchObject({ retry: '1000', data: '' });
    expect(await stream.next()).toBeUndefined();
    expect((await slow).status).toBe(200);
    await vi.waitFor(() => expect(old.connections).toBe(0), { timeout: 5000 });
    expect((await call(gw.at())).text).toContain('faulty');
    expect(next.calls()).toHaveLength(1);
  });

  it('of a bad file changes nothing, says where it is bad, and is made good by the next one', async () => {
    const up = await upstream();
    const gw = await gateway(`pools:\n${pool('a', [up])}`);
    expect(await gw.metric('mcp_gateway_config_last_reload_successful')).toBe(1);
    gw.rewrite(`pools:\n${pool('a', [up])}limits: { timeout: 9 }\nqueue: {}\n`);
    const outcome = await gw.reload('signal');
    expect(outcome.ok).toBe(false);
    expect(await gw.metric('mcp_gateway_config_last_reload_successful')).toBe(0);
    expect((await call(gw.at())).status).toBe(200);
    await vi.waitFor(
      () =>
        expect(gw.logs().filter(({ event }) => event === 'reload_failed')).toEqual([
          expect.objectContaining({ level: 'error', message: expect.stringContaining(`${gw.file}:5:20 `) }),
          expect.objectContaining({ message: expect.stringContaining(`${gw.file}:6:1 `) }),
        ]),
      { timeout: 10_000 },
    );
    gw.rewrite(`pools:\n${pool('a', [up])}`);
    expect(await gw.reload('signal')).toEqual({ ok: true, changed: [], needRestart: [] });
    expect(await gw.metric('mcp_gateway_config_last_reload_successful')).toBe(1);
  });

  it('keeps what only a restart can change, and says so', async () => {
    const up = await upstream();
    const gw = await gateway(`pools:\n${pool('a', [up])}`);
    gw.rewrite(
      `listen: { port: 1 }\nadmin: { port: 0, token: secret-token }\nlog: { level: warn }\npools:\n${pool('a', [up])}`,
    );
    const outcome = await gw.reload('signal');
    expect(outcome).toEqual({
      ok: true,
      changed: ['+admin.token', 'log.level'],
      needRestart: ['listen.port'],
    });
    expect(JSON.stringify(gw.logs())).not.toContain('secret-token');
    expect((await call(gw.at())).status).toBe(200);
  });

  it('over the admin listener needs the token, and refuses web pages from elsewhere', async () => {
    const up = await upstream();
    const gw = await gateway(
      `listen: { port: 0 }\nadmin: { port: 0, token: "0123456789abcdef" }\npools:\n${pool('a', [up])}`,
    );
    const post = (headers: Record<string, string>) =>
      fetch(`${gw.adminUrl}/admin/reload`, { method: 'POST', headers });
    const right = { authorization: 'Bearer 0123456789abcdef' };
    expect((await post({})).status).toBe(401);
    expect((await post({ authorization: 'Bearer 0123456789abcdeF' })).status).toBe(401);
    expect((await post({ ...right, origin: 'https://evil.example' })).status).toBe(403);
    expect(await (await post(right)).json()).toEqual({ ok: true, changed: [], need_restart: [] });
    gw.rewrite('pools: 3\n');
    const refused = await post(right);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ problems: [expect.stringContaining('pools')] });
  });
});

describe('a file that was read on request', () => {
  it('is known as it was read, and read again for what changes later', async () => {
    const up = await upstream();
    const gw = await gateway(`limits: { timeout: 9s }\npools:\n${pool('a', [up])}`);
    gw.rewrite(`limits: { timeout: 8s }\npools:\n${pool('a', [up])}`);
    expect((await fetch(`${gw.adminUrl}/admin/reload`, { method: 'POST' })).status).toBe(200);
    // A later change is seen, and is the next thing that is told.
    gw.rewrite(`limits: { timeout: 7500ms }\npools:\n${pool('a', [up])}`);
    const reloads = () => gw.logs().filter(({ event }) => event === 'reload');
    await vi.waitFor(() => expect(reloads().length).toBeGreaterThan(1), { timeout: 10_000 });
    expect(reloads().map(({ cause, changed }) => [cause, changed])).toEqual([
      ['admin', 'limits.timeout'],
      ['file', 'limits.timeout'],
    ]);
  });

  it('without a change is told as such', async () => {
    const gw = await gateway(`pools:\n${pool('a', [await upstream()])}`);
    expect(await gw.reload('signal')).toMatchObject({ ok: true });
    await vi.waitFor(
      () =>
        expect(gw.logs()).toContainEqual(expect.objectContaining({ event: 'reload', changed: 'nothing' })),
      { timeout: 10_000 },
    );
  });
});

describe('the watch on files', () => {
  function directory(): string {
    const dir = mkdtempSync(join(tmpdir(), 'watch-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  it('does not tell of a change that was heeded, and does of the next one', async () => {
    const file = join(directory(), 'a');
    writeFileSync(file, '1');
    let changes = 0;
    const watch = new FileWatch(() => changes++, 20);
    onTestFinished(() => watch.close());
    watch.watch([file]);
    writeFileSync(file, 'two');
    watch.heed();
    const other = new FileWatch(() => writeFileSync(file, 'three more'), 20);
    onTestFinished(() => other.close());
    // Several polls pass before the next change.
    const signal = join(file, '..', 'b');
    other.watch([signal]);
    writeFileSync(signal, '');
    await vi.waitFor(() => expect(changes).toBe(1), { timeout: 5000 });
  });

  function watching(files: string[]): () => number {
    let changes = 0;
    const watch = new FileWatch(() => changes++, 50);
    onTestFinished(() => watch.close());
    watch.watch(files);
    return () => changes;
  }

  const soon = { timeout: 5000, interval: 10 };

  it('sees the link swap by which Kubernetes updates a ConfigMap', async () => {
    const dir = directory();
    for (const version of ['1', '2']) {
      mkdirSync(join(dir, version));
      writeFileSync(join(dir, version, 'gateway.yaml'), 'same: bytes\n');
    }
    symlinkSync('1', join(dir, '..data'));
    symlinkSync('..data/gateway.yaml', join(dir, 'gateway.yaml'));
    const changes = watching([join(dir, 'gateway.yaml')]);
    symlinkSync('2', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    await vi.waitFor(() => expect(changes()).toBe(1), soon);
  });

  it('sees a file edited, gone and back', async () => {
    const file = join(directory(), 'secret');
    writeFileSync(file, 'a');
    const changes = watching([file]);
    for (const [index, change] of [
      () => writeFileSync(file, 'bb'),
      () => rmSync(file),
      () => writeFileSync(file, 'ccc'),
    ].entries()) {
      change();
      await vi.waitFor(() => expect(changes()).toBe(index + 1), soon);
    }
  });
});

describe('a changed file', () => {
  it('is put to use within two seconds, secrets too', async () => {
    const up = await upstream();
    const gw = await gateway(`pools:\n${pool('a', [up])}`);
    const secret = `${gw.file}.secret`;
    writeFileSync(secret, 'Bearer one');
    gw.rewrite(`pools:\n${pool('a', [up], `, headers: { authorization: { file: "${secret}" } }`)}`);
    const authorized = async () => {
      await call(gw.at());
      return up.calls().at(-1)?.headers.authorization;
    };
    const limit = { timeout: 10_000, interval: 20 };
    await vi.waitFor(async () => expect(await authorized()).toBe('Bearer one'), limit);
    writeFileSync(secret, 'Bearer two');
    await vi.waitFor(async () => expect(await authorized()).toBe('Bearer two'), limit);
  });
});
