// Receive: what is not MCP ends here, and what goes on is understood.
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../gateway/core/exchange.ts';
import type { Refusal } from '../../gateway/core/refusal.ts';
import { refusal } from '../../gateway/core/refusal.ts';
import type { Reply } from '../../gateway/core/reply.ts';
import { receive } from '../../gateway/limits/receive.ts';
import { legacy } from '../../gateway/mcp/eras/legacy.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import { Inbound } from '../../gateway/mcp/inbound.ts';
import { modernRequest } from '../support/message.ts';

interface Outcome {
  x: Exchange;
  reply: Reply;
  passed: boolean;
  bodyRead: boolean;
}

async function received(body: string | Refusal, headers: Partial<Inbound> = {}): Promise<Outcome> {
  const seen = { passed: false, bodyRead: false };
  const readBody = () => {
    seen.bodyRead = true;
    return Promise.resolve(typeof body === 'string' ? Buffer.from(body) : body);
  };
  const x = new Exchange(Object.assign(new Inbound(), headers), legacy, readBody, 0);
  const reply = await receive({ take: () => undefined })((x) => {
    seen.passed = true;
    return Promise.resolve({ ...x.refuse(refusal('draining')), status: 200 });
  })(x);
  return { x, reply, ...seen };
}

function errorOf({ reply }: Outcome): {
  id: unknown;
  error: { code: number; message: string; data: { reason: string } };
} {
  return JSON.parse(String(reply.body));
}

describe('receive', () => {
  it('lets a message pass with its body as it came and its envelope read', async () => {
    const text = ' {"jsonrpc": "2.0","id":1.0,"method":"tools/list"}\n';
    const { x, passed } = await received(text);
    expect([passed, x.body?.toString(), x.envelope.method, x.envelope.id, x.era]).toEqual([
      true,
      text,
      'tools/list',
      '1.0',
      legacy,
    ]);
  });

  it('settles the era by the body', async () => {
    const { body, headers } = modernRequest('tools/call', { name: 'a' });
    const inbound = {
      protocolVersion: headers['mcp-protocol-version'],
      mcpMethod: headers['mcp-method'],
      mcpName: headers['mcp-name'],
    };
    expect((await received(JSON.stringify(body), inbound)).x.era).toBe(modern);
    const refused = await received(JSON.stringify(body), { ...inbound, mcpName: 'b' });
    expect([refused.passed, refused.reply.status, errorOf(refused).error.code]).toEqual([false, 400, -32020]);
  });

  it('knows a GET and a listen for streams, and reads no body of a GET or DELETE', async () => {
    const get = await received('', { method: 'GET' });
    expect([get.x.stream, get.bodyRead, get.passed]).toEqual([true, false, true]);
    const end = await received('', { method: 'DELETE' });
    expect([end.x.stream, end.bodyRead, end.passed]).toEqual([false, false, true]);
    const { body } = modernRequest('subscriptions/listen');
    const listen = await received(JSON.stringify(body), {
      protocolVersion: '2026-07-28',
      mcpMethod: 'subscriptions/listen',
    });
    expect([listen.x.stream, listen.passed]).toEqual([true, true]);
  });

  it.each([
    ['no body', '', -32700, null],
    ['no JSON', '<xml/>', -32700, null],
    ['JSON that breaks off behind the id', '{"jsonrpc":"2.0","id":"a","method":', -32700, 'a'],
    ['no JSON-RPC', '{"id":7,"method":"ping"}', -32600, 7],
    ['an initialize in a batch', '[{"jsonrpc":"2.0","id":1,"method":"initialize"}]', -32600, undefined],
    ['two methods', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', -32600, 1],
  ])('refuses %s', async (_name, body, code, id) => {
    const outcome = await received(body);
    expect([outcome.passed, outcome.reply.status]).toEqual([false, 400]);
    const answered = [errorOf(outcome)].flat()[0];
    expect(answered?.error).toMatchObject({ code, data: { source: 'gateway', reason: 'bad_request' } });
    if (id !== undefined) expect(answered?.id).toBe(id);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json', ''])(
    'refuses the media type "%s" before the body is read',
    async (contentType) => {
      const outcome = await received('{"jsonrpc":"2.0","id":1,"method":"ping"}', { contentType });
      expect([outcome.passed, outcome.bodyRead, outcome.reply.status]).toEqual([false, false, 415]);
      expect(errorOf(outcome).error.data.reason).toBe('unsupported_media_type');
    },
  );

  it.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json ; a=b',
  ])('takes %s', async (contentType) => {
    const outcome = await received('{"jsonrpc":"2.0","id":1,"method":"ping"}', { contentType });
    expect(outcome.passed).toBe(true);
  });

  it('passes on the refusal of a body that is too large', async () => {
    const outcome = await received(refusal('body_too_large'));
    expect([outcome.passed, outcome.reply.status, errorOf(outcome).error.data.reason]).toEqual([
      false,
      413,
      'body_too_large',
    ]);
  });

  it.each(['POST', 'GET', 'DELETE'])(
    'refuses a %s with a header that may come but once, before its body is read',
    async (method) => {
      const outcome = await received('{}', { method, repeated: 'authorization' });
      expect([outcome.passed, outcome.bodyRead, outcome.reply.status]).toEqual([false, false, 400]);
      expect(errorOf(outcome).error.message).toBe('The header authorization came twice');
    },
  );
});
