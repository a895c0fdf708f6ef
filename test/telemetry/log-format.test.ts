// Log formats: the same record in each, and one line whatever it holds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeUnprintable, formatter, quote } from '../../gateway/telemetry/log-format.ts';
import { parseLogfmt } from './parse-logfmt.ts';

const logfmt = formatter('logfmt', false) as (line: string) => string;
const pretty = formatter('pretty', false) as (line: string) => string;

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\n', '\r', '\u001b', '\u009b', '\u2028', '\u202e', '"', '\\', '=', ' ', 'a', '1'),
  }),
  fc.constantFrom('', 'null', 'true', '-12', '1e5', 'a=b', 'x y'),
);
const field = fc.oneof(
  nasty,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const record = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), field, { minKeys: 1 });

/** One line feed, at the end, and nothing that a terminal or a reader of lines would act upon. */
const oneLine = /^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*\n$/u;

describe('a record', () => {
  it('reads the same from logfmt as from JSON', () => {
    fc.assert(
      fc.property(record, (fields) => {
        const json = JSON.stringify(fields);
        expect(parseLogfmt(logfmt(`${json}\n`))).toEqual(JSON.parse(json));
      }),
    );
  });

  it('is one printable line in every format', () => {
    fc.assert(
      fc.property(record, (fields) => {
        const json = escapeUnprintable(JSON.stringify(fields));
        expect(`${json}\n`).toMatch(oneLine);
        expect(logfmt(`${json}\n`)).toMatch(oneLine);
        expect(pretty(`${json}\n`)).toMatch(oneLine);
      }),
    );
  });

  it('keeps nested values as JSON text', () => {
    expect(parseLogfmt(logfmt('{"a":{"b":[1]}}\n'))).toEqual({ a: '{"b":[1]}' });
  });
});

describe('a quoted text', () => {
  it('is JSON that stands for the text', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(JSON.parse(quote(text))).toBe(text);
        expect(`${quote(text)}\n`).toMatch(oneLine);
      }),
    );
  });
});
