// How often an authorization server is asked for its keys, and what happens while it is away.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tokens } from '../../gateway/auth/jwt.ts';
import { KeySet } from '../../gateway/auth/key-set.ts';

let server: Server;
let fetches = 0;
let keys: unknown[] = [];
const changes: boolean[] = [];
let tokens: Tokens;

beforeEach(async () => {
  fetches = 0;
  changes.length = 0;
  server = createServer((_request, response) => {
    fetches++;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const rules = { issuer: 'i', audiences: ['http://a'], clientClaim: 'sub', scopes: [], policies: new Map() };
  tokens = new Tokens(rules, new KeySet(uri, (ok) => changes.push(ok)));
});

afterEach(() => server.close());

async function signer(kid: string) {
  const pair = await generateKeyPair('ES256');
  const publish = { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' };
  const token = (sub: string) =>
    new SignJWT({ sub, iss: 'i', aud: 'http://a' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setExpirationTime('1m')
      .sign(pair.privateKey);
  return { publish, token };
}

it('tokens with unknown keys cause few fetches, however many they are', async () => {
  const known = await signer('known');
  keys = [known.publish];
  expect(await tokens.verify(await known.token('a'))).toMatchObject({ id: 'a' });
  expect(fetches).toBe(1);
  const unknown = await signer('unknown');
  for (let i = 0; i < 50; i++) expect(await tokens.verify(await unknown.token(`u${i}`))).toBe('invalid');
  expect(fetches).toBe(6);
  expect(await tokens.verify(await known.token('b'))).toMatchObject({ id: 'b' });
});

it('many tokens with a new key at once share one fetch', async () => {
  const known = await signer('known');
  keys = [known.publish];
  await tokens.verify(await known.token('a'));
  const next = await signer('next');
  keys = [known.publish, next.publish];
  const fresh = await Promise.all(Array.from({ length: 20 }, (_, i) => next.token(`n${i}`)));
  const verdicts = await Promise.all(fresh.map(async (token) => tokens.verify(token)));
  expect(verdicts.every((verdict) => typeof verdict === 'object')).toBe(true);
  expect(fetches).toBe(2);
});

it('while the server is away, known keys go on, unknown ones are unknown, and both changes are told once', async () => {
  const known = await signer('known');
  const other = await signer('other');
  keys = [known.publish];
  await tokens.verify(await known.token('a'));
  const { port } = server.address() as AddressInfo;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(await tokens.verify(await known.token('b'))).toMatchObject({ id: 'b' });
  expect(await tokens.verify(await other.token('c'))).toBe('unknown');
  expect(await tokens.verify(await other.token('d'))).toBe('unknown');
  expect(changes).toEqual([false]);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  keys = [known.publish, other.publish];
  expect(await tokens.verify(await other.token('e'))).toMatchObject({ id: 'e' });
  expect(changes).toEqual([false, true]);
});
