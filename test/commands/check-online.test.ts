// `check --online` against servers of each era, behind names and TLS, and against what is no server.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { Problem } from '../../config/problem.ts';
import { makeCertificate } from '../support/certificates.ts';
import { startEverything } from '../support/everything-upstream.ts';
import { freePort } from '../support/free-port.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import { runCommand } from './run-command.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'check-online-'));
  return () => rmSync(cwd, { recursive: true });
});

/** Checks a file of these pools, which are named p0, p1 and so on. */
async function check(...pools: object[]) {
  const named = pools.map((pool, index) => ({ name: `p${index}`, ...pool }));
  const routes = named.map(({ name }) => ({ path: `/${name}/mcp`, pools: [name] }));
  writeFileSync(join(cwd, 'gateway.yaml'), stringify({ pools: named, routes }));
  const { code, stdout } = await runCommand(['check', '--online', '--json'], { cwd });
  const problems = JSON.parse(stdout) as Problem[];
  return { code, told: problems.map(({ path, message, hint }) => `${path}: ${message} (${hint})`) };
}

const at = (...urls: string[]) => ({ endpoints: urls.map((url) => ({ url })) });

async function portOf(server: Server | TlsServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that answers everything with one status. */
async function answering(status: number): Promise<string> {
  return `http://127.0.0.1:${await portOf(createServer((_request, response) => response.writeHead(status).end()))}/mcp`;
}

async function everything(era: 'legacy' | 'modern' | 'dual'): Promise<string> {
  const server = await startEverything({ era });
  onTestFinished(() => server.close());
  return server.url;
}

it('passes servers of each era, asked for or configured', async () => {
  const [legacy, modern, dual] = [
    await everything('legacy'),
    await everything('modern'),
    await everything('dual'),
  ];
  expect(
    await check(
      at(legacy, modern, dual),
      { ...at(legacy, dual), era: 'legacy' },
      { ...at(modern, dual), era: 'modern' },
    ),
  ).toEqual({ code: 0, told: [] });
});

it('says which era a server speaks where the pool has another', async () => {
  const [legacy, modern] = [await everything('legacy'), await everything('modern')];
  const { code, told } = await check({ ...at(modern), era: 'legacy' }, { ...at(legacy), era: 'modern' });
  expect(code).toBe(3);
  expect(told).toEqual([
    `pools[0].endpoints[0]: ${modern} speaks modern (2026-07-28), and the pool is configured for legacy (2025-11-25) (set era of the pool to what its servers speak, or leave it out)`,
    `pools[1].endpoints[0]: ${legacy} speaks legacy (2025-11-25), and the pool is configured for modern (2026-07-28) (set era of the pool to what its servers speak, or leave it out)`,
  ]);
});

it('sends the headers of the pool, and ends the sessions that it began', async () => {
  const upstream = await GatedUpstream.start();
  onTestFinished(() => upstream.close());
  await check({ ...at(upstream.url), era: 'legacy', headers: { authorization: 'Bearer t' } });
  expect(upstream.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'DELETE']);
  const { method, headers } = upstream.requests.at(-1) ?? {};
  expect([method, typeof headers?.['mcp-session-id']]).toEqual(['DELETE', 'string']);
  expect(new Set(upstream.requests.map((one) => one.headers.authorization))).toEqual(new Set(['Bearer t']));
});

it('names each endpoint that fails, what was met and what to do', async () => {
  const [fine, lost, guarded] = [await everything('dual'), await answering(404), await answering(401)];
  const nobody = `http://127.0.0.1:${await freePort()}/mcp`;
  const { code, told } = await check(at(fine, lost, nobody, 'http://nowhere.invalid/mcp'), at(guarded), {
    ...at(guarded),
    forward_headers: ['authorization'],
  });
  expect(code).toBe(3);
  expect(told).toEqual([
    `pools[0].endpoints[1]: ${lost} answered 404 to initialize (is the path right? MCP servers often have it at /mcp)`,
    `pools[0].endpoints[2]: ${nobody} does not answer: connection refused (is it running, and is the address right?)`,
    'pools[0].endpoints[3]: nowhere.invalid stands for no address: nobody knows this name (look at the name, and at the resolver of this machine or container)',
    `pools[1].endpoints[0]: ${guarded} is there, and wants a credential: it answers 401 (put one into headers of the pool)`,
  ]);
});

it('dials what stands behind a name, by that name', async () => {
  const upstream = await GatedUpstream.start();
  onTestFinished(() => upstream.close());
  const [port, other] = [Number(new URL(upstream.url).port), await freePort()];
  const { code, told } = await check(
    { endpoints: [{ dns: 'localhost', port }] },
    { endpoints: [{ dns: 'localhost', port: other, path: '/other' }, { dns: 'nowhere.invalid' }] },
  );
  expect(upstream.requests[0]?.headers.host).toBe(`localhost:${port}`);
  expect(code).toBe(3);
  expect(told[0]).toMatch(
    /^pools\[1\]\.endpoints\[0\]: http:\/\/\S+:\d+\/other \(localhost\) does not answer: connection refused/,
  );
  expect(told.at(-1)).toMatch(/^pools\[1\]\.endpoints\[1\]: nowhere\.invalid stands for no address: /);
});

it('believes the authority of the pool, and shows its certificate', async () => {
  const [server, client] = [makeCertificate(cwd, 'server'), makeCertificate(cwd, 'client')];
  const url = await everything('dual');
  const [cert, key, ca] = [server.cert, server.key, client.cert].map((path) => readFileSync(path));
  const options = { cert: cert as Buffer, key: key as Buffer, ca: ca as Buffer, requestCert: true };
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const sentBody = await buffer(request);
    const { method = 'GET', headers } = request;
    const { host: _, ...sent } = headers as Record<string, string>;
    const answer = await fetch(url, {
      method,
      headers: sent,
      ...(sentBody.length > 0 && { body: new Uint8Array(sentBody) }),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  const secure = createTlsServer(options, (request, response) => void pass(request, response));
  const port = await portOf(secure);
  const safe = `https://localhost:${port}/mcp`;
  const tls = { ca: server.cert, cert: client.cert, key: client.key };
  const { code, told } = await check(
    { ...at(safe), tls },
    { endpoints: [{ dns: 'localhost', port }], tls },
    at(safe),
    { ...at(safe), tls: { ca: server.cert } },
  );
  expect(code).toBe(3);
  expect(told.map((one) => one.slice(0, 8))).toEqual(['pools[2]', 'pools[3]']);
  expect(told[0]).toContain('its certificate is of no authority that is believed: see tls.ca of the pool');
  expect(told[1]).toContain('tls.cert and tls.key of the pool');
});
