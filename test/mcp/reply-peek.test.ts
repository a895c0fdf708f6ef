// The peek at answers: the same verdict however the bytes are cut, and none kept.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyPeek } from '../../gateway/mcp/reply-peek.ts';
import { chunked, cuts } from './chunkings.ts';

function peek(...chunks: (string | Buffer)[]): ReplyPeek {
  const reply = new ReplyPeek();
  for (const chunk of chunks) reply.push(Buffer.from(chunk));
  return reply;
}

function verdict(reply: ReplyPeek): Record<string, unknown> {
  const { id, method, hasResult, hasError, errorCode, isError, resultType, complete, broken, started } =
    reply;
  return { id, method, hasResult, hasError, errorCode, isError, resultType, complete, broken, started };
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('"', '\\', '\\\\', 'é', '😀', '{', '}', 'x'.repeat(70)), { maxLength: 8 })
    .map((parts) => parts.join('')),
);

const answer = fc
  .record({
    id: fc.oneof(fc.integer(), text, fc.constant(null)),
    body: fc.oneof(
      fc.record({
        result: fc.oneof(
          fc.record(
            {
              isError: fc.boolean(),
              resultType: fc.constantFrom('complete', 'task'),
              content: fc.jsonValue(),
              [' ']: text,
            },
            { requiredKeys: [] },
          ),
          fc.jsonValue({ maxDepth: 2 }),
        ),
      }),
      fc.record({ error: fc.record({ code: fc.integer(), message: text, data: fc.jsonValue() }) }),
      fc.record({ method: text, params: fc.jsonValue() }),
    ),
    space: fc.constantFrom(undefined, 1, '\t'),
    idFirst: fc.boolean(),
  })
  .map(({ id, body, space, idFirst }) => {
    const message = idFirst ? { jsonrpc: '2.0', id, ...body } : { ...body, id, jsonrpc: '2.0' };
    return { message: message as Record<string, unknown>, text: JSON.stringify(message, null, space) };
  });

describe('the peek', () => {
  it('sees what JSON.parse sees', () => {
    fc.assert(
      fc.property(answer, ({ message, text }) => {
        const { id, method, hasResult, hasError, errorCode, isError, resultType, complete, broken } =
          peek(text);
        const result = message['result'] as Record<string, unknown> | null | undefined;
        const error = message['error'] as { code: number } | undefined;
        const type = typeof result === 'object' ? result?.['resultType'] : undefined;
        expect({ id, hasResult, hasError, errorCode, complete, broken }).toEqual({
          id: JSON.stringify(message['id']),
          hasResult: Object.hasOwn(message, 'result'),
          hasError: error !== undefined,
          errorCode: error === undefined ? undefined : String(error.code),
          complete: true,
          broken: false,
        });
        expect(isError).toBe(
          typeof result === 'object' && !Array.isArray(result) && result?.['isError'] === true,
        );
        if (!Array.isArray(result))
          expect(resultType).toBe(typeof type === 'string' ? JSON.stringify(type).slice(1, -1) : undefined);
        // Spelled as sent, in Latin-1: a method is only ever compared.
        expect(method !== undefined).toBe(Object.hasOwn(message, 'method'));
      }),
      { numRuns: 1000 },
    );
  });

  it('comes to the same verdict however the bytes are cut', () => {
    const anything = fc.oneof(
      answer.map(({ text }) => text),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"id"', '"result"', '1', ' ', 'x'), {
          maxLength: 20,
        })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anything, cuts, (text, cuts) => {
        expect(verdict(peek(...chunked(text, cuts)))).toEqual(verdict(peek(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads an id whose character is cut in two', () => {
    const bytes = Buffer.from('{"id":"é😀","result":{}}');
    for (let at = 1; at < bytes.length; at++) {
      expect(peek(bytes.subarray(0, at), bytes.subarray(at)).id).toBe('"é😀"');
    }
  });

  it('reads the members of the message and of its result, not those deeper down', () => {
    const deep = '{"content":[{"isError":true,"id":2,"result":1,"error":{"code":3}}],"x":{"resultType":"a"}}';
    expect(peek(`{"id":1,"result":${deep}}`)).toMatchObject({
      id: '1',
      isError: false,
      hasError: false,
      resultType: undefined,
    });
    expect(peek('{"id":1,"params":{"isError":true,"code":5},"result":[{"isError":true}]}')).toMatchObject({
      isError: false,
      errorCode: undefined,
    });
  });

  it.each([
    ['an id that is no scalar', '{"id":{"id":5},"result":{}}', { id: undefined, hasResult: true }],
    ['an id that comes twice: the last counts', '{"id":1,"result":{},"id":2}', { id: '2' }],
    ['a method that is no text', '{"id":1,"method":null}', { method: undefined }],
    ['isError that is no boolean', '{"id":1,"result":{"isError":"true"}}', { isError: false }],
    ['a number as it is spelled', '{"id": 9007199254740993 ,"result":1}', { id: '9007199254740993' }],
    [
      'a key that ends in a backslash',
      '{"a\\\\":1,"id":1,"result":{"b":"\\\\"}}',
      { id: '1', complete: true },
    ],
    ['a batch', '[{"id":1,"result":{}}]', { id: undefined, hasResult: false, complete: true }],
  ])('reads %s', (_name, text, expected) => {
    expect(peek(text)).toMatchObject({ broken: false, ...expected });
  });

  it.each([
    ['HTML', '<html>{"id":1}</html>'],
    ['a byte order mark', '\ufeff{"id":1,"result":{}}'],
    ['NaN', '{"id":1,"result":{"value":NaN}}'],
    ['Infinity', '{"id":1,"result":[-Infinity]}'],
    ['a text', '"id"'],
    ['a number', '12'],
    ['two documents', '{"id":1,"result":{}}{"id":1,"result":{}}'],
    ['a bracket too many', '{"id":1,"result":{}}]'],
    ['a comma behind the document', '{"id":1,"result":{}},'],
    ['a colon behind the document', '{"id":1,"result":{}}:'],
    ['text behind the document', '{"id":1,"result":{}} ok'],
  ])('calls %s broken', (_name, text) => {
    expect(peek(text)).toMatchObject({ broken: true, started: true });
  });

  it.each([['{"id":1,"result":{}'], ['{"id":1,"result":"}'], ['{"id":1,"result":"\\"}'], ['[']])(
    'waits for the rest of %s',
    (text) => {
      expect(peek(text)).toMatchObject({ broken: false, complete: false, started: true });
    },
  );

  it('has not started before the first bracket, and forgets all when reset', () => {
    expect(peek(' \n').started).toBe(false);
    const reply = peek(
      '{"id":1,"error":{"code":5},"result":{"isError":true,"resultType":"task"},"method":"m"} x {"a":"\\',
    );
    reply.reset();
    expect(verdict(reply)).toEqual(verdict(new ReplyPeek()));
    reply.push(Buffer.from('{"id":2,"result":{}}'));
    expect(verdict(reply)).toEqual(verdict(peek('{"id":2,"result":{}}')));
  });

  it.each([
    ['a text', '"', 'x'],
    ['a number', '', '1'],
    ['escapes', '"', '\\u0061'],
  ])('keeps no more than some 4 KiB of %s, however it is cut', (_name, quote, unit) => {
    const body = unit.repeat(200_000);
    const whole = peek(`{"id":${quote}${body}${quote},"result":{}}`);
    expect(whole.id?.length).toBeLessThan(4200);
    const cut = chunked(`{"id":${quote}${body}${quote},"result":{}}`, [1, 7, 8, 1000, 5000, 5001, 100_000]);
    expect(verdict(peek(...cut))).toEqual(verdict(whole));
  });

  it('reads an id of the longest kind that a request may have, though every byte of it is escaped', () => {
    const id = `"${'\\u0061'.repeat(510)}"`;
    expect(peek(`{"id":${id},"result":{}}`).id).toBe(id);
  });
});
