// Host names: every way to bind to loopback is guarded alike, by the check of the file and by both listeners.
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import { isLoopback } from '../../config/loopback.ts';
import { bareName, isLoopbackName, isOwnOrigin } from '../../gateway/server/host-names.ts';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

describe('a loopback name', () => {
  it.each([
    ['localhost', true],
    ['LocalHost:8080', true],
    ['127.0.0.1', true],
    ['127.0.0.2:8080', true],
    ['[::1]:80', true],
    ['[::ffff:127.0.0.1]:80', true],
    ['[::ffff:7f00:1]', true],
    ['', false],
    [':8080', false],
    ['localhost.', false],
    ['localhost.example', false],
    ['evil.localhost', false],
    ['localhost:80@evil.example', false],
    ['localhost:evil.example', false],
    ['127.0.0.1.nip.io', false],
    ['127.evil.example', false],
    ['127.1', false],
    ['2130706433', false],
    ['0.0.0.0', false],
    ['10.0.0.1', false],
    ['::1', false],
    ['[::]', false],
    ['[127.0.0.1]', false],
    ['[::ffff:10.0.0.1]', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopbackName(bareName(host))).toBe(expected);
  });
});

it.each([
  ['http://a.example:8080', 'A.example:8080', true],
  ['https://a.example', 'a.example', true],
  ['http://a.example:8080', 'a.example', false],
  ['http://evil.example', 'a.example', false],
  ['null', 'null', false],
  ['http://a.example', undefined, false],
])('the origin %s at the host %s is its own: %s', (origin, host, expected) => {
  expect(isOwnOrigin(origin, host)).toBe(expected);
});

/** Not every machine has IPv6. */
const noSixes = Object.values(networkInterfaces()).every((found) =>
  found?.every(({ address }) => address !== '::1'),
);

describe.each(['127.0.0.1', '127.0.0.2', 'localhost', 'LOCALHOST', '::1', '::ffff:127.0.0.1'])(
  'a gateway on %s',
  (host) => {
    it.skipIf(noSixes && host.includes(':'))(
      'needs no admin token, and answers loopback names only, at both listeners',
      async () => {
        const upstream = await startFaults();
        onTestFinished(() => upstream.close());
        const pools = [{ name: 'a', endpoints: [{ url: upstream.url }] }];
        const gateway = await startGateway({ listen: { host }, admin: { host }, pools });
        onTestFinished(() => gateway.stop());
        const { body, headers } = modernRequest('tools/list');
        const statuses = async (name?: string) => {
          const as = name === undefined ? {} : { host: name };
          const called = await rawCall(gateway.url, body, { ...headers, ...as });
          return [called.status, (await rawCall(`${gateway.adminUrl}/admin/state`, undefined, as)).status];
        };
        expect(await statuses()).toEqual([200, 200]);
        expect(await statuses('localhost:8080')).toEqual([200, 200]);
        expect(await statuses('rebound.example')).toEqual([403, 403]);
        const refused = await rawCall(gateway.url, body, { ...headers, host: 'rebound.example' });
        expect(refused.json).toMatchObject({
          error: { message: 'This host name is not served here (listen.allowed_hosts)' },
        });
      },
    );
  },
);

it.each(['0.0.0.0', '::', '10.0.0.1', 'gateway', '::ffff:10.0.0.1', 'localhost.example'])(
  'a gateway on %s needs an admin token',
  (host) => {
    expect(isLoopback(host)).toBe(false);
    const pools = [{ name: 'a', endpoints: [{ url: 'http://127.0.0.1:1/mcp' }] }];
    const text = JSON.stringify({ admin: { host }, pools });
    const loaded = parseConfig(text, { file: 'a', env: {}, dir: '.' });
    expect(loaded.ok ? [] : loaded.problems.map(({ path }) => path)).toEqual(['admin.token']);
  },
);
