// Purges by hand: over the admin listener and with the command, by everything that entries lie under.
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { CacheRig } from './cache-rig.ts';

let rig: CacheRig;
let count = 0;

beforeAll(async () => {
  const tools = [
    { match: 'tagged', cache: { ttl: '1m', tags: ['t'] } },
    { match: 'vary', cache: { ttl: '1m', vary_on: ['arguments.a'] } },
    { match: '*', cache: { ttl: '1m' } },
  ];
  rig = await CacheRig.start({ tools }, (call) => call.text(`answer ${++count}`), {
    admin: { token: 'let-me-in-0123456789' },
  });
});
afterAll(() => rig.close());

function post(body: unknown, token = 'let-me-in-0123456789'): Promise<Response> {
  return fetch(`${rig.gateways[0]?.adminUrl}/admin/purge`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}

/** Which of these calls are still cached after the purge. */
async function keptAfter(body: unknown, calls: readonly [tool: string, args: unknown][]): Promise<boolean[]> {
  for (const [tool, args] of calls) await rig.modern(tool, args);
  expect((await post(body)).status).toBe(200);
  const after: boolean[] = [];
  for (const [tool, args] of calls) after.push((await rig.modern(tool, args)).cached === 'hit');
  return after;
}

describe('a purge', () => {
  const calls: [string, unknown][] = [
    ['tagged', {}],
    ['plain', { a: 1, b: 1 }],
    ['plain', { a: 2 }],
    ['vary', { a: 1, b: 2 }],
  ];

  it.each([
    [{ all: true }, [false, false, false, false]],
    [{ tag: 't' }, [false, true, true, true]],
    [{ pool: 'p' }, [false, false, false, false]],
    [{ tool: 'plain' }, [true, false, false, true]],
    [{ pool: 'p', tool: 'tagged' }, [false, true, true, true]],
    [{ tool: 'plain', arguments: { b: 1.0, a: 1 } }, [true, false, true, true]],
    [{ tool: 'vary', arguments: '{"a":1,"b":"any"}' }, [true, true, true, false]],
    [{ tag: 'nobody' }, [true, true, true, true]],
  ])('of %j leaves the rest', async (body, kept) => {
    expect(await keptAfter(body, calls)).toEqual(kept);
  });

  it.each([
    [{}],
    [{ all: true, tag: 't' }],
    [{ pool: 'nobody' }],
    [{ arguments: {} }],
    [{ tool: 'plain', arguments: 'no' }],
    ['text'],
  ])('of %j is refused', async (body) => {
    const answer = await post(body);
    expect([answer.status, await answer.json()]).toEqual([400, { error: expect.any(String) }]);
  });

  it('needs the token', async () => {
    expect((await post({ all: true }, 'wrong')).status).toBe(401);
  });

  it('can be asked for with the command', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mcpgw-'));
    const port = new URL(rig.gateways[0]?.adminUrl ?? '').port;
    writeFileSync(
      join(dir, 'gateway.yaml'),
      `version: 1\nadmin: { port: ${port}, token: let-me-in-0123456789 }\npools: [{ name: p, endpoints: [{ url: "http://127.0.0.1:1/mcp" }] }]\n`,
    );
    await rig.modern('tagged', {});
    const done = await runCommand(['purge', '--tag', 't'], { cwd: dir });
    expect(done).toMatchObject({ code: 0, stdout: 'Purged tag:t\n' });
    expect((await rig.modern('tagged', {})).cached).toBeUndefined();
    expect(await runCommand(['purge'], { cwd: dir })).toMatchObject({ code: 1 });
  });
});
