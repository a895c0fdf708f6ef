// Envelopes: the fields that are looked at, read as any JSON parser would read them, or refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../gateway/mcp/envelope.ts';
import { readEnvelope } from '../../gateway/mcp/envelope-reader.ts';

function read(text: string): Envelope {
  const result = readEnvelope(Buffer.from(text));
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

function refused(text: string): { code: number; problem: string; id: string | undefined } {
  const result = readEnvelope(Buffer.from(text));
  if (!('problem' in result)) throw new Error('accepted');
  return result;
}

function request(params: string, method = 'tools/call'): string {
  return `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
}

describe('an envelope', () => {
  it('holds what JSON.parse finds, whatever the order of members and the white space', () => {
    const params = fc.dictionary(
      fc.constantFrom('name', 'uri', 'taskId', 'arguments', 'cursor', 'requestState', '__proto__', 'é'),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 2 })),
    );
    const message = fc.record(
      {
        id: fc.oneof(fc.integer(), fc.string({ unit: 'grapheme' })),
        method: fc.constantFrom('tools/call', 'resources/read', 'tasks/get', 'ping', 'constructor'),
        params,
        extra: fc.jsonValue({ maxDepth: 2 }),
      },
      { requiredKeys: ['method'] },
    );
    const sources: Record<string, string> = {
      'tools/call': 'name',
      'resources/read': 'uri',
      'tasks/get': 'taskId',
    };
    fc.assert(
      fc.property(message, fc.constantFrom('', ' ', '\r\n\t'), fc.boolean(), (fields, space, last) => {
        const members = Object.entries(fields).map(
          ([key, value]) => `"${key}"${space}:${JSON.stringify(value)}`,
        );
        if (last) members.push('"jsonrpc":"2.0"');
        else members.unshift('"jsonrpc":"2.0"');
        const text = `${space}{${space}${members.join(`${space},`)}${space}}${space}`;
        const body = Buffer.from(text);
        const result = readEnvelope(body);
        const named = Object.hasOwn(sources, fields.method)
          ? fields.params?.[sources[fields.method] as string]
          : undefined;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        if (typeof named === 'string' && /[\u0000-\u001f]/.test(named))
          return expect(result).toHaveProperty('problem');
        if ('problem' in result) throw new Error(result.problem);
        expect(result.kind).toBe('id' in fields ? 'request' : 'notification');
        expect(result.method).toBe(fields.method);
        expect(result.id).toBe('id' in fields ? JSON.stringify(fields.id) : undefined);
        expect(result.name).toBe(typeof named === 'string' ? named : undefined);
        expect(result.continued).toBe(Object.hasOwn(fields.params ?? {}, 'requestState'));
        const args = fields.params?.['arguments'];
        const slice = body.toString('utf8', result.argumentsStart, result.argumentsEnd);
        expect(slice).toBe(args === undefined ? '' : JSON.stringify(args));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['9007199254740993'],
    ['-0'],
    ['1.0'],
    ['1e2'],
    ['"\\u0061\\/"'],
    ['"é"'],
    ['""'],
    ['123456789012345678901234567890'],
  ])('keeps the id %s as it is spelled', (id) => {
    expect(read(`{"jsonrpc":"2.0","method":"ping","id": ${id} }`).id).toBe(id);
  });

  it.each([['null'], ['true'], ['{}'], ['[1]']])('refuses a request with the id %s', (id) => {
    expect(refused(`{"jsonrpc":"2.0","method":"ping","id":${id}}`)).toMatchObject({
      code: -32600,
      problem: '"id" must be a string or a number',
    });
  });

  it('bounds the id', () => {
    const of = (bytes: number) => `{"jsonrpc":"2.0","method":"ping","id":"${'x'.repeat(bytes - 2)}"}`;
    expect(read(of(512)).id).toHaveLength(512);
    expect(refused(of(513)).problem).toBe('"id" is longer than 512 bytes');
  });

  it('knows responses, also the one to what could not be read', () => {
    expect(read('{"jsonrpc":"2.0","id":7,"result":{}}')).toMatchObject({
      kind: 'response',
      id: '7',
      method: '',
    });
    expect(read('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}')).toMatchObject({
      kind: 'response',
    });
  });

  it.each([
    ['{"id":1,"method":"ping"}', '"jsonrpc" must be "2.0"'],
    ['{"jsonrpc":2.0,"id":1,"method":"ping"}', '"jsonrpc" must be "2.0"'],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', '"jsonrpc" must be "2.0"'],
    ['{"jsonrpc":"2.0","id":1,"method":7}', '"method" must be a string'],
    ['{"jsonrpc":"2.0","id":1}', 'The message has neither "method" nor "result" nor "error"'],
    ['{"jsonrpc":"2.0","id":1,"method":"a","result":1}', 'The message is both a request and a response'],
    ['{"jsonrpc":"2.0","id":1,"error":{},"result":1}', 'A response has one "result" or one "error"'],
  ])('refuses %s', (text, problem) => {
    expect(refused(text)).toMatchObject({ code: -32600, problem });
  });

  it('brings the id of a refused request along where it was read', () => {
    expect(refused('{"jsonrpc":"2.0","id":"a","method":1}').id).toBe('"a"');
    expect(refused('{"jsonrpc":"2.0","method":1,"id":"a"}').id).toBeUndefined();
  });

  it('reads escapes like any parser, and the claim of a version however it is spelled', () => {
    expect(
      read('{"jsonrpc":"\\u0032.0","id":1,"m\\u0065thod":"tools\\/call","params":{"n\\u0061me":"\\u0061b"}}'),
    ).toMatchObject({
      method: 'tools/call',
      name: 'ab',
    });
    const key = 'io.modelcontextprotocol/protocolVersion';
    const meta = (value: string) =>
      read(request(`{"_meta":{"io.modelcontextprotocol\\/protocolVersion":${value}}}`));
    expect(meta('"2026-07-28"')).toMatchObject({ claimed: true, revision: '2026-07-28' });
    expect(meta('null')).toMatchObject({ claimed: true, revision: undefined });
    expect(read(request(`{"_meta":"${key}","x":{"_meta":{"${key}":"2026-07-28"}}}`)).claimed).toBe(false);
    expect(read(request(`{"_meta":{"progressToken": 7.50 }}`)).progressToken).toBe('7.50');
    expect(read(request('{"requestId": "r" }', 'notifications/cancelled')).requestId).toBe('"r"');
  });

  it.each([
    ['tools/call', 'a'],
    ['prompts/get', 'a'],
    ['resources/read', 'b'],
    ['tasks/cancel', 'c'],
    ['tools/list', undefined],
  ])('takes the name of %s from the member that the method reads, whatever else is there', (method, name) => {
    expect(read(request('{"uri":"b","taskId":"c","name":"a"}', method)).name).toBe(name);
  });
});

describe('what could be read in two ways', () => {
  it.each([
    ['method', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}'],
    ['method', '{"jsonrpc":"2.0","id":1,"method":"tools/list","m\\u0065thod":"tools/call"}'],
    ['id', '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"ping"}'],
    ['jsonrpc', '{"jsonrpc":"2.0","id":1,"method":"ping","jsonrpc":"2.0"}'],
    ['params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{}}'],
    ['name', request('{"name":"safe","name":"danger"}')],
    ['name', request('{"name":"safe","\\u006e\\u0061\\u006D\\u0065":"danger"}')],
    ['uri', request('{"uri":"a","uri":"b"}', 'resources/read')],
    ['arguments', request('{"arguments":{},"arguments":{}}')],
    ['_meta', request('{"_meta":{},"_meta":{}}')],
    [
      'io.modelcontextprotocol/protocolVersion',
      request(
        '{"_meta":{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol\\/protocolVersion":"b"}}',
      ),
    ],
  ])('a second "%s" is refused, escaped or not', (key, text) => {
    expect(refused(text)).toMatchObject({ code: -32600, problem: `"${key}" stands twice` });
  });

  it.each([
    ['method', '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}'],
    ['id', '{"jsonrpc":"2.0","id":1,"method":"tools/list","ID":2}'],
    ['params', '{"jsonrpc":"2.0","id":1,"method":"tools/list","param\\u017f":{}}'],
    ['name', request('{"name":"safe","NAME":"danger"}')],
    ['taskId', request('{"taskId":"a","ta\u017f\u212aId":"b"}', 'tasks/get')],
  ])('a key that differs from "%s" in case alone is refused', (key, text) => {
    expect(refused(text)).toMatchObject({
      code: -32600,
      problem: `A key resembles "${key}" in all but case`,
    });
  });

  it('duplicates and cases inside of arguments are the tool’s business', () => {
    const args = '{"name":1,"name":2,"Name":3,"__proto__":{"method":"x"},"method":"y"}';
    expect(read(request(`{"name":"t","arguments":${args}}`))).toMatchObject({
      method: 'tools/call',
      name: 't',
    });
  });

  it.each([
    ['NUL in a method', '{"jsonrpc":"2.0","id":1,"method":"tools/call\\u0000x"}'],
    ['a line break in a method', '{"jsonrpc":"2.0","id":1,"method":"tools/call\\n"}'],
    ['half a surrogate pair in a method', '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}'],
    ['NUL in a tool’s name', request('{"name":"danger\\u0000"}')],
    ['half a surrogate pair in a tool’s name', request('{"name":"\\udc00a"}')],
  ])('%s is refused', (_name, text) => {
    expect(refused(text)).toMatchObject({ code: -32600 });
  });

  it('keys named for the prototype are keys like any other', () => {
    const text =
      '{"__proto__":{"method":"x"},"constructor":1,"jsonrpc":"2.0","id":1,"method":"__proto__","params":{"__proto__":1}}';
    expect(read(text)).toMatchObject({ kind: 'request', method: '__proto__', name: undefined });
  });
});

describe('a batch', () => {
  const ping = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;

  it('holds its messages apart', () => {
    const named =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":1}}}';
    const { kind, id, method, items } = read(
      `[ ${named} ,{"jsonrpc":"2.0","method":"tools/call"},${ping(2)} ]`,
    );
    expect([kind, id, method]).toEqual(['batch', undefined, '']);
    expect(items.map((item) => [item.kind, item.id, item.name, item.progressToken])).toEqual([
      ['request', '1', 'a', '1'],
      ['notification', undefined, undefined, undefined],
      ['request', '2', undefined, undefined],
    ]);
  });

  it('holds 100 messages and no more', () => {
    const of = (count: number) => `[${Array.from({ length: count }, (_, i) => ping(i)).join(',')}]`;
    expect(read(of(100)).items).toHaveLength(100);
    expect(refused(of(101))).toMatchObject({ code: -32600, problem: 'A batch holds at most 100 messages' });
    expect(refused(of(10_000)).problem).toBe('A batch holds at most 100 messages');
  });

  it.each([
    ['[]', -32600],
    ['[1]', -32600],
    ['[[]]', -32600],
    [`[${ping(1)},]`, -32700],
    [`[${ping(1)}`, -32700],
    [`[${ping(1)}] x`, -32700],
  ])('%s is none', (text, code) => {
    expect(refused(text).code).toBe(code);
  });
});
