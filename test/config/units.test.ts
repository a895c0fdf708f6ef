// Durations and sizes, read and written.
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../config/units.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0s', 0],
    ['596h', 2_145_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  it.each([30, '30', '30 sec', '1d', '-5s', '1.5s', '1h30m', '', 's', '597h', '9'.repeat(400), null, [], {}])(
    '%j is refused with a hint',
    (input) => {
      expect(parseDuration(input)).toEqual({
        ok: false,
        message: expect.any(String),
        hint: expect.any(String),
      });
    },
  );

  it('a bare number is refused with the spellings it may have meant', () => {
    expect(parseDuration(30)).toMatchObject({ hint: 'write 30ms, 30s or 30m' });
    expect(parseDuration(30_000)).toMatchObject({ hint: 'write 30s' });
  });

  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [86_400_000, '24h'],
  ])('%d ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('sizes', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['64KiB', 65_536],
    ['4MiB', 4_194_304],
    ['2GiB', 2_147_483_648],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  it('decimal units are refused with the binary one', () => {
    expect(parseSize('4MB')).toMatchObject({ ok: false, hint: 'write 4MiB' });
    expect(parseSize('64k')).toMatchObject({ ok: false, hint: 'write 64KiB' });
  });

  it('a size beyond what a double counts exactly is refused', () => {
    expect(parseSize('99999999999GiB')).toMatchObject({ ok: false, message: 'is too large: 99999999999GiB' });
  });

  it.each([
    [1000, '1000B'],
    [1024, '1KiB'],
    [4_194_304, '4MiB'],
    [1_073_741_824, '1GiB'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
