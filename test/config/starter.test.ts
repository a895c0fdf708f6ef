// The first file, made of the server lists of clients.
import { expect, it } from 'vitest';
import { readClientServers } from '../../config/client-servers.ts';
import { parseConfig } from '../../config/load.ts';
import { starterFrom } from '../../config/starter.ts';

it.each([
  ['Claude and Cursor', { mcpServers: { a: { url: 'http://a/mcp' } } }],
  ['VS Code', { servers: { a: { type: 'http', url: 'http://a/mcp' } }, inputs: [] }],
])('reads the list of %s', (_client, list) => {
  const found = readClientServers(JSON.stringify(list));
  expect(found).toEqual({ servers: [{ name: 'a', url: 'http://a/mcp', headers: {} }], skipped: [] });
});

it.each([
  [{ type: 'sse', url: 'http://a/sse' }, /sse transport/],
  [{ type: 'stdio', command: 'x' }, /stdio transport/],
  [{ command: 'x' }, /stdio transport/],
  [{ type: 'ws', url: 'ws://a' }, /unknown type "ws"/],
  [{ url: 'ftp://a' }, /no http or https url/],
  [{ url: 'http://u:p@a/mcp' }, /credentials/],
  [{ url: 'http://a/${input:x}' }, /variable/],
  ['x', /not a map/],
])('leaves out %j and says why', (entry, reason) => {
  const { servers, skipped } = readClientServers(JSON.stringify({ servers: { a: entry } }));
  expect([servers, skipped]).toEqual([[], [{ name: 'a', reason: expect.stringMatching(reason) }]]);
});

it('makes a valid file of names and headers as clients may have them', () => {
  const names = ['a b', 'a-b', '__x__y', '日本', '9lives', 'x'.repeat(200), '-', 'port: 1 #'];
  const entry = {
    url: 'http://h/mcp?a=$1',
    headers: { 'X-Api-Key': '${input:key}', authorization: 'Basic abc' },
  };
  const list = Object.fromEntries(names.map((name) => [name, entry]));
  const { text, variables } = starterFrom(readClientServers(JSON.stringify({ mcpServers: list })));
  const env = Object.fromEntries(variables.map((name) => [name, 'value']));
  const result = parseConfig(text, { file: 'gateway.yaml', env, dir: '/' });
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) return;
  expect(new Set(variables).size).toBe(names.length * 2);
  expect(result.config.pools[0]?.endpoints).toEqual([{ url: 'http://h/mcp?a=$1', weight: 1 }]);
  expect(result.config.pools[0]?.headers).toEqual({ 'x-api-key': 'value', authorization: 'Basic value' });
});
