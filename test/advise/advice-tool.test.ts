// The advice tool: in lists and in answers of both eras, as JSON and as events, and only where it was asked for.
import { describe, expect, it, onTestFinished } from 'vitest';
import { addTool } from '../../gateway/advise/add-tool.ts';
import { rawCall } from '../support/clients.ts';
import { startFaults } from '../support/fault-upstream.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

const tool = Buffer.from('{"name":"own"}');

it.each([
  ['{"result":{"tools":[{"name":"a"}]}}', '{"result":{"tools":[{"name":"own"},{"name":"a"}]}}'],
  ['{"result": {"tools": [ ], "x": 1}}', '{"result": {"tools": [{"name":"own"} ], "x": 1}}'],
  ['{"error":{"code":1}}', '{"error":{"code":1}}'],
  ['{"result":{"tools":{}}}', '{"result":{"tools":{}}}'],
  ['{"result":{"tools":[', '{"result":{"tools":['],
  ['{"tools":[],"result":{"a":{"tools":[]}}}', '{"tools":[],"result":{"a":{"tools":[]}}}'],
])('puts a tool first into a list and leaves the rest as it was: %s', (list, longer) => {
  expect(addTool(Buffer.from(list), tool).toString()).toBe(longer);
});

async function setUp(advise: string) {
  const upstream = await startFaults({ sessions: true });
  onTestFinished(() => upstream.close());
  const gateway = await startGateway(
    `${advise}\npools: [{ name: a, endpoints: [{ url: '${upstream.url}' }] }]\ndrain: { timeout: 1s }\n`,
  );
  onTestFinished(() => gateway.stop());
  const post = async ({ body, headers }: ReturnType<typeof modernRequest>) => {
    const answer = await rawCall(gateway.at(), body, headers);
    const message = answer.json ?? answer.events[0]?.message;
    return {
      session: answer.headers['mcp-session-id'] as string | undefined,
      result: (message as { result?: Record<string, unknown> } | undefined)?.result,
    };
  };
  return { upstream, post };
}

const names = (result: Record<string, unknown> | undefined) =>
  ((result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name);

describe('the advice tool', () => {
  it('is listed and answers in both eras without asking the upstream', async () => {
    const { upstream, post } = await setUp('advise: { tool: true }');
    const modern = await post(modernRequest('tools/list'));
    expect(names(modern.result)[0]).toBe('gateway_advice');
    expect(names(modern.result).length).toBeGreaterThan(1);
    const called = await post(modernRequest('tools/call', { name: 'gateway_advice', arguments: {} }));
    expect(called.result).toMatchObject({ resultType: 'complete', content: [{ type: 'text' }] });
    expect(called.result).toHaveProperty('structuredContent.findings', []);

    const { session } = await post(initializeRequest());
    const legacy = await post(legacyRequest('tools/list', {}, 2, session));
    expect(names(legacy.result)[0]).toBe('gateway_advice');
    const asked = legacyRequest('tools/call', { name: 'gateway_advice', arguments: {} }, 3, session);
    const { result } = await post(asked);
    expect(result).not.toHaveProperty('resultType');
    expect(result?.['content']).toEqual([
      { type: 'text', text: expect.stringContaining('Nothing to advise') },
    ]);
    expect(upstream.received.filter(({ message }) => message?.method === 'tools/call')).toEqual([]);
  });

  it('is not there unless it is configured', async () => {
    const { post } = await setUp('');
    expect(names((await post(modernRequest('tools/list'))).result)).not.toContain('gateway_advice');
  });
});
