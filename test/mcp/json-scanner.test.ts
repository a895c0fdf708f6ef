// The scanner accepts what JSON.parse accepts, byte for byte, and stops at its bounds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BadEnvelope, Envelope } from '../../gateway/mcp/envelope.ts';
import { readEnvelope } from '../../gateway/mcp/envelope-reader.ts';

function around(value: string | Buffer): Buffer {
  const head = '{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":';
  return Buffer.concat([Buffer.from(head), Buffer.from(value), Buffer.from('}}')]);
}

function accepted(body: Buffer): boolean {
  return !('problem' in readEnvelope(body));
}

function parses(body: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    return true;
  } catch {
    return false;
  }
}

function problem(result: Envelope | BadEnvelope): string {
  return 'problem' in result ? `${result.code} ${result.problem}` : 'accepted';
}

/** Texts that are nearly JSON: what JSON is made of, in any order. */
const nearlyJson = fc
  .array(
    fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '"a":', ' ', '\n', '\t', '\r', '\f', '\u00a0'],
      ...['-', '+', '0', '1', '9', '.', 'e', 'E', 'true', 'false', 'null', 'nul', 'NaN', '/', '\\u', '00e9'],
      ...['\\ud800', '\\"', '\\x', '\\n', '\u0000', '\u001f', '\u007f', '\u2028', 'é', '😀', '\ufeff'],
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('the scanner', () => {
  it('accepts of all texts what JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.json(), fc.string({ unit: 'binary' })), (text) => {
        expect(accepted(around(text))).toBe(parses(around(text)));
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts of damaged JSON what JSON.parse accepts', () => {
    const damaged = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.nat(255), fc.constantFrom('replace', 'insert', 'cut'))
      .map(([json, at, byte, how]) => {
        const bytes = Buffer.from(json);
        const pos = at % bytes.length;
        const end = how === 'insert' ? pos : pos + 1;
        const middle = how === 'cut' ? [] : [byte];
        return Buffer.concat([bytes.subarray(0, pos), Buffer.from(middle), bytes.subarray(end)]);
      });
    fc.assert(
      fc.property(damaged, (bytes) => {
        expect(accepted(around(bytes))).toBe(parses(around(bytes)));
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts of arbitrary bytes what is UTF-8 and what JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const text = Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]);
        expect(accepted(around(text))).toBe(parses(around(text)));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['nothing', '', '-32700 Not JSON: the text ends too early'],
    ['white space', ' \n', '-32700 Not JSON: the text ends too early'],
    ['a cut document', '{"jsonrpc":"2.0","id":1,"method":"to', '-32700 Not JSON: the text ends too early'],
    ['a byte order mark', '\ufeff{}', '-32700 Not JSON: at byte 0'],
    ['text behind the document', '{"jsonrpc":"2.0","method":"m"} {}', '-32700 Not JSON: at byte 31'],
    ['text behind a number', '1 x', '-32700 Not JSON: at byte 2'],
    ['a number', '1', '-32600 A JSON-RPC message is an object'],
    ['null', 'null', '-32600 A JSON-RPC message is an object'],
    ['a bracket of the wrong kind', '{"jsonrpc":"2.0","id":[1}}', '-32700 Not JSON: at byte 24'],
    ['an id that is an array', '{"jsonrpc":"2.0","id":[1]}', '-32600 "id" must be a string or a number'],
  ])('refuses %s', (_name, text, expected) => {
    expect(problem(readEnvelope(Buffer.from(text)))).toBe(expected);
  });

  it.each([
    ['cut in a character', [0x22, 0xc3]],
    ['an overlong form', [0x22, 0xc0, 0x80, 0x22]],
    ['half a surrogate pair', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['beyond Unicode', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ])('refuses UTF-8 that is %s', (_name, bytes) => {
    expect(problem(readEnvelope(around(Buffer.from(bytes))))).toBe('-32700 The body is not UTF-8');
  });
});

describe('the bounds', () => {
  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('allow 64 levels of %s and no more', (_name, open, close) => {
    // Two levels are around the value, and the innermost one holds a number.
    const nested = (levels: number) =>
      around(open.repeat(levels - 2) + (open === '[' ? '' : '1') + close.repeat(levels - 2));
    expect(accepted(nested(64))).toBe(true);
    expect(problem(readEnvelope(nested(65)))).toBe('-32600 Nested deeper than 64 levels');
  });

  it('stop a million brackets at the depth, not at the stack', () => {
    expect(problem(readEnvelope(around('['.repeat(1_000_000))))).toBe('-32600 Nested deeper than 64 levels');
  });

  it.each([
    ['elements', (n: number) => `[${'0,'.repeat(n - 1)}0]`],
    ['keys', (n: number) => `{${'"":0,'.repeat(n - 1)}"":0}`],
    ['empty arrays', (n: number) => `[${'[],'.repeat(n - 1)}[]]`],
  ])('allow 100 000 %s and no more', (_name, make) => {
    // Four keys of the message and one of params count too.
    expect(accepted(around(make(99_995)))).toBe(true);
    expect(problem(readEnvelope(around(make(99_996))))).toMatch(/^-32600 More than 100000 array elements/);
  });

  it.each([
    ['elements', `[${'0,'.repeat(2_000_000)}0]`, /^-32600 More than/],
    ['keys', `{${'"a":0,'.repeat(600_000)}"a":0}`, /^-32600 More than/],
    ['escapes', `"${'\\u0000'.repeat(600_000)}"`, /^accepted$/],
    ['digits', '9'.repeat(4_000_000), /^accepted$/],
    ['white space', `${' '.repeat(4_000_000)}1`, /^accepted$/],
    ['one key', `{"${'k'.repeat(4_000_000)}":1}`, /^accepted$/],
  ])('answer 4 MiB of %s', (_name, value, expected) => {
    expect(problem(readEnvelope(around(value)))).toMatch(expected);
  });

  it('can be set', () => {
    const body = around('[[1,2,3]]');
    expect(problem(readEnvelope(body, { depth: 4, elements: 9 }))).toBe('accepted');
    expect(problem(readEnvelope(body, { depth: 3, elements: 9 }))).toMatch(/deeper than 3/);
    expect(problem(readEnvelope(body, { depth: 4, elements: 8 }))).toMatch(/More than 8/);
  });
});
