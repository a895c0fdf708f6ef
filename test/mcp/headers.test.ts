// Mirrored headers: the base64 form and what only resembles it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMirrored, encodeMirrored, isToken } from '../../gateway/mcp/headers.ts';

describe('a mirrored header', () => {
  it('brings any text over', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const header = encodeMirrored(text);
        expect(header).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
        expect(decodeMirrored(header)).toBe(text);
      }),
    );
  });

  it('leaves what HTTP carries unharmed as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (text) => {
        fc.pre(text.trim() === text && !text.startsWith('=?base64?'));
        expect([encodeMirrored(text), decodeMirrored(text)]).toEqual([text, text]);
      }),
    );
  });

  it.each([
    ['plain text', 'get_weather', 'get_weather'],
    ['a URI', 'file:///a%20b?c=d&e', 'file:///a%20b?c=d&e'],
    ['base64', '=?base64?SGVsbG8=?=', 'Hello'],
    ['base64 of other than ASCII', '=?base64?5pel5pys?=', '日本'],
    ['base64 of what looks like base64', '=?base64?PT9iYXNlNjQ/UVE9PT89?=', '=?base64?QQ==?='],
    ['base64 of nothing', '=?base64??=', ''],
    ['a sentinel in upper case', '=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?='],
    ['a sentinel of another encoding', '=?utf-8?B?SGVsbG8=?=', '=?utf-8?B?SGVsbG8=?='],
    ['a sentinel without its end', '=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
    ['a sentinel without its start', 'SGVsbG8=?=', 'SGVsbG8=?='],
    ['a start that is its own end', '=?base64?=', '=?base64?='],
    ['a sentinel inside', 'a=?base64?SGVsbG8=?=', 'a=?base64?SGVsbG8=?='],
  ])('reads %s', (_name, header, text) => {
    expect(decodeMirrored(header)).toBe(text);
  });

  it.each([
    ['without padding', '=?base64?SGVsbG8?='],
    ['with too much padding', '=?base64?SGVsbG8==?='],
    ['with padding alone', '=?base64?====?='],
    ['with padding inside', '=?base64?SG==bG8=?='],
    ['in the alphabet of URLs', '=?base64?_-8=?='],
    ['with white space', '=?base64?SGVs bG8=?='],
    ['that is no UTF-8', '=?base64?/w==?='],
    ['of an overlong form', '=?base64?wIA=?='],
    ['of half a surrogate pair', '=?base64?7aCA?='],
  ])('refuses base64 %s', (_name, header) => {
    expect(decodeMirrored(header)).toBeUndefined();
  });
});

describe('a name of a parameter header', () => {
  it.each([
    ['region', true],
    ["a!#$%&'*+.^_`|~-9", true],
    ['', false],
    ['a b', false],
    ['a\r\nx', false],
    ['é', false],
    ['a:b', false],
  ])('%j is a token: %s', (name, expected) => {
    expect(isToken(name)).toBe(expected);
  });
});
