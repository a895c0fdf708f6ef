// JSON with comments: what editors add goes, and what only looks like it stays.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainJson } from '../../config/jsonc.ts';

it.each([
  ['a comment to the end of the line', '{ "a": 1 // one\n, "b": 2 }', { a: 1, b: 2 }],
  ['a comment over lines', '/* what\nthis is */ { "a": /* one */ 1 }', { a: 1 }],
  ['trailing commas', '{ "a": [1, 2, ], }', { a: [1, 2] }],
  ['a trailing comma before a comment', '{ "a": [1, /* last */ ], // done\n}', { a: [1] }],
  ['a URL', '{ "url": "https://a.example/mcp" }', { url: 'https://a.example/mcp' }],
  ['what looks like a comment in a text', '{ "a": "/* no */ \\" // no", }', { a: '/* no */ " // no' }],
  ['what looks like a trailing comma in a text', '{ "a": ",]" }', { a: ',]' }],
  ['a byte order mark', '\uFEFF{ "a": 1 }', { a: 1 }],
])('%s is read', (_name, text, value) => {
  expect(JSON.parse(plainJson(text))).toEqual(value);
});

it('plain JSON stays as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 2);
      expect(plainJson(text)).toBe(text);
    }),
  );
});

it('what is no JSON either way stays wrong', () => {
  expect(() => JSON.parse(plainJson('{ "a": 1 /* never closed }'))).toThrow('JSON');
});
