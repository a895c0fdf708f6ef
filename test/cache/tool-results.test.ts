// Tool results from the cache: what is kept, for whom, and in which shape it comes back.
import { afterEach, describe, expect, it } from 'vitest';
import type { OnCall } from '../support/gated-upstream.ts';
import { ALICE, BOB, CacheRig } from './cache-rig.ts';

const rigs: CacheRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

let calls = 0;
const counted: OnCall = (call) =>
  call.text(`answer ${++calls} to ${call.request.headers['authorization'] ?? ''}`);

async function rig(
  cache: Record<string, unknown>,
  onCall: OnCall = counted,
  pool: Record<string, unknown> = {},
) {
  const started = await CacheRig.start(
    { tools: [{ match: 'look*', cache: { ttl: '60s', ...cache } }], ...pool },
    onCall,
  );
  rigs.push(started);
  return started;
}

describe('a cached tool result', () => {
  it('comes back under the id of each caller, marked, and says so in Cache-Status', async () => {
    const { modern } = bind(await rig({}));
    const first = await modern('look', { a: 1 }, { id: 7 });
    const second = await modern('look', { a: 1 }, { id: 'été "x"' });
    expect(first).toMatchObject({ id: 7, cached: undefined, cacheStatus: 'mcp-gateway; fwd=miss' });
    expect(second).toMatchObject({ id: 'été "x"', said: first.said, cached: 'hit' });
    expect(second.cacheStatus).toMatch(/^mcp-gateway; hit; ttl=(59|5\d|60)$/);
    expect(second.result).toMatchObject({ resultType: 'complete' });
  });

  it.each([
    [
      'other key order, white space and escapes',
      '{"b":[1.0,true],"a":"\\u00e9"}',
      '{ "a" : "é" , "b":[1,true] }',
      true,
    ],
    ['another value', '{"a":1}', '{"a":2}', false],
    ['a number as text', '{"a":1}', '{"a":"1"}', false],
    ['digits beyond a double', '{"a":9007199254740993}', '{"a":9007199254740992}', false],
    ['the same digits beyond a double', '{"a":9007199254740993}', '{"a":9007199254740993.0}', true],
    ['null for nothing', '{"a":null}', '{}', false],
    ['another normal form', '{"a":"\\u00e9"}', '{"a":"e\\u0301"}', false],
  ])('with %s', async (_what, one, two, hits) => {
    const { send } = bind(await rig({}));
    const body = (args: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":${args},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`;
    await send(body(one));
    expect((await send(body(two))).cached).toBe(hits ? 'hit' : undefined);
  });

  it('is not looked for by arguments that name a key twice', async () => {
    const started = await rig({});
    const { send } = bind(started);
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{"a":1,"a":2},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`;
    expect((await send(body)).cacheStatus).toBe('mcp-gateway; fwd=request');
    await send(body);
    expect(started.calls).toBe(2);
  });

  it('belongs to its client', async () => {
    const { modern } = bind(await rig({}));
    const alice = await modern('look', {}, { key: ALICE });
    const bob = await modern('look', {}, { key: BOB });
    expect(bob.cached).toBeUndefined();
    expect(bob.said).not.toBe(alice.said);
    expect((await modern('look', {}, { key: ALICE })).said).toBe(alice.said);
  });

  it('is shared where the rule says public', async () => {
    const { modern } = bind(await rig({ scope: 'public' }));
    const alice = await modern('look', {}, { key: ALICE });
    expect(await modern('look', {}, { key: BOB })).toMatchObject({ cached: 'hit', said: alice.said });
  });

  it('differs by the headers that vary it, and only by the arguments that do', async () => {
    const { modern } = bind(await rig({ vary_on: ['Accept-Language', 'arguments.where.city'] }));
    const first = await modern(
      'look',
      { where: { city: 'Bern' }, nonce: 1 },
      { headers: { 'accept-language': 'de' } },
    );
    const ask = (city: string, nonce: number, language: string) =>
      modern('look', { where: { city }, nonce }, { headers: { 'accept-language': language } });
    expect(await ask('Bern', 2, 'de')).toMatchObject({ cached: 'hit', said: first.said });
    expect((await ask('Bern', 1, 'fr')).cached).toBeUndefined();
    expect((await ask('Genf', 1, 'de')).cached).toBeUndefined();
  });

  it('differs by arguments whose names have capitals', async () => {
    const { modern } = bind(await rig({ vary_on: ['arguments.userId'] }));
    await modern('look', { userId: 1, nonce: 1 });
    expect((await modern('look', { userId: 1, nonce: 2 })).cached).toBe('hit');
    expect((await modern('look', { userId: 2, nonce: 1 })).cached).toBeUndefined();
    expect((await modern('look', { userid: 1, nonce: 1 })).cached).toBeUndefined();
  });

  it('differs by what the upstream is told of the client', async () => {
    const { modern } = bind(await rig({}, counted, { forward_headers: ['authorization'] }));
    const first = await modern('look', {}, { headers: { authorization: 'Bearer one' } });
    const other = await modern('look', {}, { headers: { authorization: 'Bearer two' } });
    expect(other.said).toContain('Bearer two');
    expect((await modern('look', {}, { headers: { authorization: 'Bearer one' } })).said).toBe(first.said);
  });

  it("stored in one era serves the other in that era's shape", async () => {
    const { modern, legacy } = bind(
      await rig({}, (call) => call.answer({ content: [{ type: 'text', text: 'x' }], _meta: { own: 1 } })),
    );
    await modern('look', { a: 1 });
    const old = await legacy('look', { a: 1 });
    expect(old).toMatchObject({ cached: 'hit', said: 'x' });
    expect(Object.keys(old.result ?? {}).sort()).toEqual(['_meta', 'content']);
    expect(old.result?.['_meta']).toMatchObject({ own: 1 });
    await legacy('look', { a: 2 });
    const young = await modern('look', { a: 2 });
    expect(young).toMatchObject({ cached: 'hit', said: 'x' });
    expect(young.result).toMatchObject({ resultType: 'complete', _meta: { own: 1 } });
  });

  it('is taken from an event stream too, progress left out', async () => {
    const { modern } = bind(
      await rig({}, (call) => {
        const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } };
        const answer = {
          jsonrpc: '2.0',
          id: call.message.id,
          result: { content: [{ type: 'text', text: 'é\n2' }] },
        };
        call.response.writeHead(200, { 'content-type': 'text/event-stream' });
        call.response.write(`event: message\ndata: ${JSON.stringify(progress)}\n\n`);
        call.response.end(`event: message\r\ndata: ${JSON.stringify(answer)}\r\n\r\n`);
      }),
    );
    await modern('look', {});
    expect(await modern('look', {}, { id: 2 })).toMatchObject({ id: 2, cached: 'hit', said: 'é\n2' });
  });

  it.each<[string, OnCall]>([
    ['a failed tool', (call) => call.answer({ content: [{ type: 'text', text: 'no' }], isError: true })],
    [
      'an error',
      (call) =>
        call.response.end(`{"jsonrpc":"2.0","id":${call.message.id},"error":{"code":-32000,"message":"no"}}`),
    ],
    [
      'a question back',
      (call) => call.answer({ resultType: 'input_required', inputRequests: {}, requestState: 's' }),
    ],
    ['what is too large', (call) => call.text('x'.repeat(3000))],
    [
      'what another gateway has cut',
      (call) => call.answer({ content: [], _meta: { 'mcp-gateway/truncated': { chars: 1 } } }),
    ],
    [
      'what breaks off',
      (call) => {
        call.response.writeHead(200, { 'content-type': 'text/event-stream' });
        call.response.write('data: {"jsonrpc"');
        setImmediate(() => call.response.destroy());
      },
    ],
  ])('is never made of %s', async (_what, onCall) => {
    const started = await rig({ max_entry: '2KiB' }, (call) => {
      if (!call.response.headersSent) call.response.setHeader('content-type', 'application/json');
      onCall(call);
    });
    const { modern } = bind(started);
    await modern('look', {});
    expect((await modern('look', {})).cached).toBeUndefined();
    expect(started.calls).toBe(2);
  });

  it.each(['inputResponses', 'requestState', 'task'])('is not given to a request with %s', async (member) => {
    const { ask, modern } = bind(await rig({}));
    await modern('look', {});
    const answer = await ask('tools/call', { name: 'look', arguments: {}, [member]: {} });
    expect(answer).toMatchObject({ cached: undefined, cacheStatus: undefined });
  });

  it('is not there for tools without a rule', async () => {
    const { modern } = bind(await rig({}));
    await modern('other', {});
    expect(await modern('other', {})).toMatchObject({ cached: undefined, cacheStatus: undefined });
  });

  it('is gone past only where the pool lets clients do so', async () => {
    const { modern } = bind(await rig({}));
    await modern('look', {});
    const wishes = { headers: { 'cache-control': 'no-cache' }, meta: { 'mcp-gateway/cache': 'bypass' } };
    expect((await modern('look', {}, wishes)).cached).toBe('hit');
    const open = bind(await rig({}, counted, { cache: { client_control: true } }));
    const first = await open.modern('look', {});
    const refreshed = await open.modern('look', {}, { headers: { 'cache-control': 'no-cache' } });
    expect(refreshed.said).not.toBe(first.said);
    expect((await open.modern('look', {})).said).toBe(refreshed.said);
    const past = await open.modern('look', {}, { meta: { 'mcp-gateway/cache': 'bypass' } });
    expect(past.said).not.toBe(refreshed.said);
    expect((await open.modern('look', {})).said).toBe(refreshed.said);
  });

  it('is counted by pool, tool and outcome; a list by its method', async () => {
    const started = await rig({});
    started.upstream.tools = [{ name: 'look', inputSchema: { type: 'object' } }];
    const { modern } = bind(started);
    await modern('look', {});
    await modern('look', {});
    started.upstream.stated = { ttlMs: 60_000, cacheScope: 'private' };
    await started.ask('resources/list', {});
    await started.ask('resources/list', {});
    const metrics = await (started.gateways[0] as { metrics(): Promise<Map<string, number>> }).metrics();
    const lookups = [...metrics].filter(([name]) => name.startsWith('mcp_gateway_cache_lookups_total'));
    expect(lookups.map(([, value]) => value)).toEqual([1, 1, 1, 1]);
    const found = (text: string) => lookups.filter(([name]) => name.includes(text)).length;
    expect(found('mcp_method_name="tools/call"')).toBe(2);
    expect(found('tool="_other"')).toBe(2);
    expect(found('mcp_method_name="resources/list"')).toBe(2);
    expect(metrics.get('mcp_gateway_cache_bytes')).toBeGreaterThan(0);
  });
});

function bind(started: CacheRig) {
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'look',
    'x-api-key': ALICE,
  };
  return {
    modern: started.modern.bind(started),
    legacy: started.legacy.bind(started),
    ask: started.ask.bind(started),
    send: (body: string) => started.send(body, headers),
  };
}
