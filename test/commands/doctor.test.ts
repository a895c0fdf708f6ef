// `doctor` against servers of both eras, a proxy that buffers, and nothing at all.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import type { Diagnosis } from '../../gateway/commands/doctor/diagnosis.ts';
import { node } from '../../gateway/commands/doctor/machine.ts';
import { makeCertificate } from '../support/certificates.ts';
import { startEverything } from '../support/everything-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import { runCommand } from './run-command.ts';

/** A server of 2025-11-25 behind which nothing comes before its answer is whole, as through a buffering proxy. */
async function buffering(): Promise<string> {
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') return;
  const body = await text(request);
  if (request.method !== 'POST') {
    response.end();
    return;
  }
  const { id, method } = JSON.parse(body) as { id: number; method: string };
  const results: Record<string, object> = {
    initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: {} },
    'tools/list': { tools: [{ name: 'write', inputSchema: { type: 'object' } }] },
  };
  const result = results[method];
  const error = { code: -32601, message: 'no such method' };
  response.setHeader('content-type', 'application/json');
  if (method === 'initialize') response.setHeader('mcp-session-id', 'one');
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) }));
}

async function doctor(yaml: string): Promise<{ code: number | null; diagnoses: Diagnosis[] }> {
  const cwd = mkdtempSync(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'gateway.yaml'), yaml);
  const { code, stdout } = await runCommand(['doctor', '--json'], { cwd });
  return { code, diagnoses: JSON.parse(stdout) as Diagnosis[] };
}

it('says of each upstream its era, its sessions, its stream and what its tools say', {
  timeout: 40_000,
}, async () => {
  const modern = await GatedUpstream.start();
  onTestFinished(() => modern.close());
  modern.tools = [{ name: 'echo', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }];
  const legacy = await buffering();
  const { code, diagnoses } = await doctor(`pools:
  - { name: a, endpoints: [{ url: '${modern.url}' }] }
  - { name: b, endpoints: [{ url: '${legacy}' }] }
routes: [{ path: /a/mcp, pools: [a] }, { path: /b/mcp, pools: [b] }]
`);
  expect(code).toBe(0);
  const of = (pool: string) =>
    diagnoses
      .filter(({ subject }) => subject.startsWith(`${pool} `))
      .map(({ status, detail }) => [status, detail]);
  expect(of('a')).toEqual([
    ['ok', 'reachable, modern (2026-07-28), stateless'],
    ['ok', '1 tools, 1 of them say whether they are read-only'],
    ['ok', 'SSE is not buffered: the head of a quiet stream comes at once'],
  ]);
  expect(of('b')).toEqual([
    ['ok', 'reachable, legacy (2025-11-25), stateful: sessions'],
    ['warn', '1 tools, 0 of them say whether they are read-only'],
    ['warn', 'SSE looks buffered: no head of a quiet stream within 1.5 s'],
  ]);
  expect(diagnoses[0]).toMatchObject({ subject: 'node', status: 'ok' });
});

it('says which era a server speaks where the pool has another', { timeout: 40_000 }, async () => {
  const modern = await startEverything({ era: 'modern' });
  onTestFinished(() => modern.close());
  const { code, diagnoses } = await doctor(`pools:
  - { name: a, era: legacy, endpoints: [{ url: '${modern.url}' }] }
`);
  expect([code, diagnoses.at(-1)]).toEqual([
    3,
    {
      subject: `a ${modern.url}`,
      status: 'fail',
      detail: 'speaks modern (2026-07-28), and the pool is configured for legacy (2025-11-25)',
      hint: 'set era of the pool to what its servers speak, or leave it out',
    },
  ]);
});

it('speaks TLS to what stands behind a name, by that name', { timeout: 40_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'doctor-tls-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { cert, key } = makeCertificate(dir);
  const hosts = new Set<unknown>();
  const server = createTlsServer(
    { cert: readFileSync(cert), key: readFileSync(key) },
    (request, response) => {
      hosts.add(
        `${(request.socket as TLSSocket & { servername?: string }).servername} ${request.headers.host}`,
      );
      void answer(request, response);
    },
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { diagnoses } = await doctor(`pools:
  - { name: a, endpoints: [{ dns: localhost, port: ${port} }], tls: { ca: '${cert}' } }
`);
  expect(diagnoses).toContainEqual({
    subject: `a https://127.0.0.1:${port}/mcp (localhost)`,
    status: 'ok',
    detail: 'reachable, legacy (2025-11-25), stateful: sessions',
  });
  expect([...hosts]).toEqual([`localhost localhost:${port}`]);
});

it('exits with 3 where something is broken, each thing with what to do', { timeout: 40_000 }, async () => {
  const { code, diagnoses } = await doctor(`redis: { url: 'redis://127.0.0.1:${await freePort()}' }
pools:
  - name: a
    endpoints: [{ url: 'http://127.0.0.1:${await freePort()}/mcp' }, { url: 'http://nowhere.invalid/mcp' }]
routes: [{ path: /mcp, pools: [a] }]
`);
  expect(code).toBe(3);
  const broken = diagnoses.filter(({ status }) => status === 'fail');
  expect(broken.map(({ subject }) => subject.replace(/:\d+/, ''))).toEqual([
    'redis',
    'a dns nowhere.invalid',
    'a http://127.0.0.1/mcp',
  ]);
  expect(broken.every(({ hint }) => hint !== undefined)).toBe(true);
});

it.each([
  ['20.20.0', 'fail'],
  ['22.18.1', 'fail'],
  ['22.19.0', 'ok'],
  ['24.11.0', 'ok'],
])('judges Node.js %s: %s', (version, status) => {
  expect(node(version).status).toBe(status);
});
