// TLS to upstreams: whom the gateway believes, and what it shows.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { rawCall } from '../support/clients.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

/** An https upstream with a certificate of its own for localhost; it says which certificate it was shown. */
async function start(tls: (paths: { cert: string; key: string }) => object, host = 'localhost') {
  const dir = mkdtempSync(join(tmpdir(), 'upstream-tls-'));
  const [server, client] = [makeCertificate(dir, 'server'), makeCertificate(dir, 'client')];
  const options = { cert: readFileSync(server.cert), key: readFileSync(server.key) };
  const upstream = createServer(
    { ...options, requestCert: true, rejectUnauthorized: false, ca: readFileSync(client.cert) },
    (request, response) => {
      const shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nothing';
      request.resume().on('end', () => {
        const text = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: shown }] } };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(text));
      });
    },
  ).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const gateway = await startGateway({
    pools: [
      {
        name: 'safe',
        endpoints: [{ url: `https://${host}:${port}/mcp` }],
        tls: tls(client),
        health: { interval: '1h' },
      },
    ],
  });
  onTestFinished(async () => {
    await gateway.stop();
    upstream.closeAllConnections();
    upstream.close();
    rmSync(dir, { recursive: true });
  });
  const { body, headers } = modernRequest('tools/call', { name: 'who' });
  return rawCall(gateway.url, body, headers);
}

it('believes a server that the configured authority vouches for, and shows it the configured certificate', async () => {
  const answer = await start(({ cert, key }) => ({ ca: cert.replace('client', 'server'), cert, key }));
  expect(answer).toMatchObject({ status: 200, json: { result: { content: [{ text: 'client' }] } } });
});

it('shows nothing unless told to', async () => {
  const answer = await start(({ cert }) => ({ ca: cert.replace('client', 'server') }));
  expect(answer).toMatchObject({ status: 200, json: { result: { content: [{ text: 'nothing' }] } } });
});

it('does not believe a server that nobody vouches for', async () => {
  expect(await start(() => ({}))).toMatchObject({ status: 502 });
});

it('expects the configured name in the certificate', async () => {
  const ca = (cert: string) => cert.replace('client', 'server');
  expect(await start(({ cert }) => ({ ca: ca(cert), server_name: 'other.example' }))).toMatchObject({
    status: 502,
  });
  expect(await start(({ cert }) => ({ ca: ca(cert), server_name: 'localhost' }), '127.0.0.1')).toMatchObject({
    status: 200,
  });
});
