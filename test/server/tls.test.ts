// The TLS listener: it serves https, and follows its certificate files without a restart.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished, vi } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

/** Calls a tool over https on a connection of its own; says whose certificate was shown. */
function call(url: string): Promise<{ status: number; shown: string }> {
  const { body, headers } = modernRequest('tools/call', { name: 'ok', arguments: {} });
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: false,
        rejectUnauthorized: false,
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
      },
      (answer) => {
        const shown = String((answer.socket as TLSSocket).getPeerCertificate().subject.CN);
        answer.resume().on('end', () => resolve({ status: answer.statusCode ?? 0, shown }));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

async function start() {
  const dir = mkdtempSync(join(tmpdir(), 'tls-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const up = await startFaults();
  onTestFinished(() => up.close());
  const pair = makeCertificate(dir, 'first');
  const next = makeCertificate(dir, 'second');
  const yaml = (tls: string) => `listen: { port: 0, tls: ${tls} }\nadmin: { port: 0 }
pools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`;
  return { dir, up, pair, next, yaml };
}

const soon = { timeout: 10_000, interval: 50 };

it('a gateway with a certificate serves https, tells upstreams so, and shows a new one once its files change', async () => {
  const { up, pair, next, yaml } = await start();
  const gw = await startGateway(yaml(`{ cert: "${pair.cert}", key: "${pair.key}" }`));
  onTestFinished(() => gw.stop(500));
  expect(gw.url).toMatch(/^https:/);
  expect(await call(gw.at())).toEqual({ status: 200, shown: 'first' });
  expect(up.calls().at(-1)?.headers['x-forwarded-proto']).toBe('https');

  copyFileSync(next.cert, pair.cert);
  await vi.waitFor(() => {
    expect(gw.logs()).toContainEqual(
      expect.objectContaining({ event: 'certificate_refused', level: 'error' }),
    );
  }, soon);
  expect(await call(gw.at())).toEqual({ status: 200, shown: 'first' });

  rmSync(pair.key);
  execFileSync('mkfifo', [pair.key]);
  await vi.waitFor(() => {
    const told = expect.objectContaining({
      event: 'certificate_refused',
      message: `${pair.key} is not a file`,
    });
    expect(gw.logs()).toContainEqual(told);
  }, soon);
  expect(await call(gw.at())).toEqual({ status: 200, shown: 'first' });

  rmSync(pair.key);
  copyFileSync(next.key, pair.key);
  await vi.waitFor(async () => expect(await call(gw.at())).toEqual({ status: 200, shown: 'second' }), soon);
});

it('a reload to other files takes effect, and to broken ones changes nothing', async () => {
  const { dir, pair, next, yaml } = await start();
  const gw = await startGateway(yaml(`{ cert: "${pair.cert}", key: "${pair.key}" }`));
  onTestFinished(() => gw.stop(500));
  const broken = join(dir, 'broken.crt');
  writeFileSync(broken, readFileSync(next.cert).subarray(0, 100));
  gw.rewrite(yaml(`{ cert: "${broken}", key: "${next.key}" }`));
  expect(await gw.reload('signal')).toMatchObject({ ok: false, problems: [expect.stringContaining(broken)] });
  expect((await call(gw.at())).shown).toBe('first');
  gw.rewrite(yaml(`{ cert: "${next.cert}", key: "${next.key}" }`));
  expect((await gw.reload('signal')).ok).toBe(true);
  expect((await call(gw.at())).shown).toBe('second');
});

it('a reload that met half of a new pair is made up for when the other half is there', async () => {
  const { pair, next, yaml } = await start();
  const tls = `{ cert: "${pair.cert}", key: "${pair.key}" }`;
  const gw = await startGateway(yaml(tls));
  onTestFinished(() => gw.stop(500));
  copyFileSync(next.cert, pair.cert);
  gw.rewrite(`${yaml(tls)}limits: { timeout: 9s }\n`);
  expect((await gw.reload('admin')).ok).toBe(false);
  copyFileSync(next.key, pair.key);
  await vi.waitFor(() => {
    expect(gw.logs()).toContainEqual(
      expect.objectContaining({ event: 'reload', cause: 'file', changed: 'limits.timeout' }),
    );
  }, soon);
  await vi.waitFor(async () => expect(await call(gw.at())).toEqual({ status: 200, shown: 'second' }), soon);
});

it('a reload to a pair of which one file is missing is made up for when it comes', async () => {
  const { dir, pair, next, yaml } = await start();
  const gw = await startGateway(yaml(`{ cert: "${pair.cert}", key: "${pair.key}" }`));
  onTestFinished(() => gw.stop(500));
  const late = join(dir, 'late.key');
  gw.rewrite(yaml(`{ cert: "${next.cert}", key: "${late}" }`));
  expect((await gw.reload('admin')).ok).toBe(false);
  copyFileSync(next.key, late);
  await vi.waitFor(async () => expect(await call(gw.at())).toEqual({ status: 200, shown: 'second' }), soon);
});

it('a pair that changes alone is told once, and reloads nothing', async () => {
  const { pair, next, yaml } = await start();
  const tls = `{ cert: "${pair.cert}", key: "${pair.key}" }`;
  const gw = await startGateway(yaml(tls));
  onTestFinished(() => gw.stop(500));
  // A reload that failed, and one after it that did not, leave nothing behind.
  gw.rewrite('listen: ?');
  expect((await gw.reload('admin')).ok).toBe(false);
  gw.rewrite(`${yaml(tls)}limits: { timeout: 8s }\n`);
  expect((await gw.reload('admin')).ok).toBe(true);
  copyFileSync(next.cert, pair.cert);
  copyFileSync(next.key, pair.key);
  const events = () => gw.logs().map(({ event }) => event);
  await vi.waitFor(() => expect(events()).toContain('certificate_changed'), soon);
  // The watch for reloads polls as often as that for the pair: what it would have made of the change is there by the next one.
  gw.rewrite(`${yaml(tls)}limits: { timeout: 9s }\n`);
  await vi.waitFor(() => expect(events().filter((event) => event === 'reload')).toHaveLength(2), soon);
  expect(gw.logs().filter(({ changed }) => changed === 'nothing')).toEqual([]);
});

it('a gateway whose certificate and key do not fit does not start', async () => {
  const { pair, next, yaml } = await start();
  const started = startGateway(yaml(`{ cert: "${pair.cert}", key: "${next.key}" }`));
  await expect(started).rejects.toThrow(/listen\.tls\.key: .* cannot be used/);
});
