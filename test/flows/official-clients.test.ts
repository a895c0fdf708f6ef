// Official clients of both lines and eras, through the gateway, against official servers.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Listening } from '../../demo/serve.ts';
import { listen } from '../../demo/serve.ts';
import { statefulServer } from '../../demo/stateful-server.ts';
import { statelessServer } from '../../demo/stateless-server.ts';
import { EXPORT_CHARS } from '../../demo/tools.ts';
import { startEverything } from '../support/everything-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import type { Peer } from '../support/official-clients.ts';
import { describeClients } from '../support/official-clients.ts';
import { pools } from '../support/pools.ts';
import { startServerEverything } from '../support/server-everything.ts';

let servers: { url: string; close(): Promise<void> }[];
let gateway: TestGateway;
const peers: Peer[] = [];

beforeAll(async () => {
  const demo = (name: string) => listen(statelessServer(name), 0);
  const stateful = (name: string) => listen(statefulServer(name), 0);
  servers = await Promise.all<Listening>([
    ...[startEverything(), startEverything()],
    ...[demo('stateless-1'), demo('stateless-2')],
    ...[stateful('stateful-1'), stateful('stateful-2')],
    startServerEverything(),
  ]);
  const urls = servers.map(({ url }) => url);
  gateway = await startGateway(
    pools(
      {
        everything: urls.slice(0, 2),
        demo: urls.slice(2, 4),
        stateful: urls.slice(4, 6),
        reference: urls.slice(6),
      },
      { response_chars: 2 * EXPORT_CHARS },
    ),
  );
});

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
});

afterAll(async () => {
  // The lists of the dual-era servers are kept, and the gateway listens for their changes.
  await gateway.stop({ listens: true });
  await Promise.all(servers.map((server) => server.close()));
});

const textOf = ({ content }: { content: { text: string }[] }) => content[0]?.text ?? '';

describeClients((connect, { sessionful }) => {
  async function connected(pool: string): Promise<Peer> {
    const peer = await connect(gateway.at(`/${pool}/mcp`));
    peers.push(peer);
    return peer;
  }

  it('lists and reads tools, resources, templates and prompts', async () => {
    const { client } = await connected('everything');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('test_simple_text');
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain('test://static-text');
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1);
    expect((await client.listPrompts()).prompts).not.toHaveLength(0);
    const { contents } = await client.readResource({ uri: 'test://template/é 1/data' });
    expect(JSON.stringify(contents)).toContain('templateTest');
    const args = { arg1: '"quoted"', arg2: 'ünï' };
    const prompt = await client.getPrompt({ name: 'test_prompt_with_arguments', arguments: args });
    expect(JSON.stringify(prompt.messages)).toContain('ünï');
  });

  it('gets content of every kind, errors of tools and errors of the protocol', async () => {
    const { client, call } = await connected('everything');
    // A client mirrors arguments in headers once it has seen the tool's schema.
    await client.listTools();
    const kinds = await call('test_multiple_content_types');
    expect(kinds.content.map(({ type }) => type)).toEqual(['text', 'image', 'resource']);
    expect(await call('test_error_handling')).toMatchObject({ isError: true });
    expect(textOf(await call('test_mirrored_argument', { region: 'eu-west é' }))).toBe('eu-west é');
    await expect(client.readResource({ uri: 'test://nowhere' })).rejects.toMatchObject({
      code: expect.any(Number) as number,
    });
  });

  it('is told of progress, and gets a long answer whole', async () => {
    const { call } = await connected('demo');
    const seen: number[] = [];
    await call('slow_report', { seconds: 0.1 }, (done) => seen.push(done));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    expect(textOf(await call('big_export'))).toHaveLength(EXPORT_CHARS);
  });

  it('makes many calls at once and gets each its own answer', async () => {
    const { client, call } = await connected('everything');
    await client.listTools();
    const regions = Array.from({ length: 40 }, (_, i) => `region-${i}`);
    const answers = await Promise.all(regions.map((region) => call('test_mirrored_argument', { region })));
    expect(answers.map(textOf)).toEqual(regions);
  });

  it.skipIf(sessionful)('is asked over several rounds, which any replica may serve', async () => {
    const { client, call } = await connected('everything');
    for (let i = 0; i < 4; i++) {
      expect(textOf(await call('test_input_required_result_multi_round'))).toContain('green');
    }
    expect(textOf(await call('test_input_required_result_request_state'))).toContain('state-ok');
    expect(textOf(await call('test_input_required_result_multiple_inputs'))).toContain('Ada');
    const prompt = await client.getPrompt({ name: 'test_input_required_result_prompt' });
    expect(JSON.stringify(prompt)).toContain('Use here');
  });

  it.runIf(sessionful)(
    'is asked by the server in the middle of a call, and its answers get there',
    async () => {
      const { call } = await connected('everything');
      expect(textOf(await call('test_elicitation', { message: 'Color?' }))).toContain('blue');
      expect(textOf(await call('test_sampling', { prompt: 'Capital?' }))).toContain('Paris');
      const together = await Promise.all(
        [1, 2, 3].map(() => call('test_elicitation', { message: 'Again?' })),
      );
      for (const answer of together) expect(textOf(answer)).toContain('blue');
    },
  );

  it.runIf(sessionful)('stays with the replica that opened its session', async () => {
    const replicas = new Set<unknown>();
    for (let i = 0; i < 4; i++) {
      const { call } = await connected('stateful');
      const own = new Set<unknown>();
      for (let j = 0; j < 6; j++) {
        own.add((JSON.parse(textOf(await call('run_query', { table: 'orders' }))) as Answered).replica);
      }
      expect(own.size).toBe(1);
      replicas.add([...own][0]);
    }
    expect(replicas).toEqual(new Set(['stateful-1', 'stateful-2']));
  });

  it.skipIf(sessionful)('is spread over the replicas', async () => {
    const { call } = await connected('demo');
    const calls = Array.from({ length: 10 }, () => call('run_query', { table: 'orders' }));
    const replicas = (await Promise.all(calls)).map((one) => (JSON.parse(textOf(one)) as Answered).replica);
    expect(new Set(replicas)).toEqual(new Set(['stateless-1', 'stateless-2']));
  });

  it.runIf(sessionful)('works with the reference server', async () => {
    const { client, call } = await connected('reference');
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect(textOf(await call('echo', { message: 'héllo' }))).toBe('Echo: héllo');
    const seen: number[] = [];
    const args = { duration: 0.2, steps: 4 };
    await call('trigger-long-running-operation', args, (done) => seen.push(done));
    expect(seen).toEqual([1, 2, 3, 4]);
    expect((await client.listResources()).resources.length).toBeGreaterThan(0);
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
  });
});

interface Answered {
  replica: string;
}

describe('a client that looks for the era', () => {
  it('finds 2026-07-28 where the servers speak it, and 2025-11-25 elsewhere', async () => {
    const { connectV2 } = await import('../support/clients.ts');
    for (const pool of ['demo', 'stateful', 'reference']) {
      const { client, close } = await connectV2(gateway.at(`/${pool}/mcp`), { era: 'auto' });
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      const expected = pool === 'demo' ? '2026-07-28' : '2025-11-25';
      expect(client.getNegotiatedProtocolVersion()).toBe(expected);
      await close();
    }
  });
});
