// The logger: levels, formats, and what it does when nobody reads.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogFormat } from '../../gateway/telemetry/log-format.ts';
import { Logger, type LogLevel, timestamp } from '../../gateway/telemetry/logger.ts';
import { parseLogfmt } from './parse-logfmt.ts';

const dir = mkdtempSync(join(tmpdir(), 'gateway-logger-'));
afterAll(() => rmSync(dir, { recursive: true }));
let files = 0;

async function written(
  use: (logger: Logger) => void,
  format: LogFormat = 'json',
  level: LogLevel = 'info',
): Promise<string[]> {
  const file = join(dir, `${files++}.log`);
  const logger = new Logger({ level, format, to: file });
  use(logger);
  await logger.close();
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

const parsers = { json: JSON.parse, logfmt: parseLogfmt };

describe('the logger', () => {
  it.each(['json', 'logfmt'] as const)('writes event, level, time and fields as %s', async (format) => {
    const lines = await written(
      (logger) => logger.log({ event: 'reload_failed', message: 'line 3: "x y"', tries: 2, cause: null }),
      format,
    );
    expect(lines).toHaveLength(1);
    const record = parsers[format](`${lines[0]}${format === 'logfmt' ? '\n' : ''}`) as Record<
      string,
      unknown
    >;
    expect(record).toEqual({
      level: 'error',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'reload_failed',
      message: 'line 3: "x y"',
      tries: 2,
      cause: null,
    });
  });

  it('writes for people what happened when first', async () => {
    const [line] = await written((logger) => logger.log({ event: 'started', port: 8080 }), 'pretty');
    expect(line).toMatch(/^\S+Z info {2}started port=8080$/);
  });

  it('writes one line for text that brings line ends and escape sequences', async () => {
    const lines = await written((logger) =>
      logger.log({ event: 'internal_error', message: 'a\nb\r\u001b[2J\u009b1m\u2028c\u202ed' }),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(lines[0] as string).message).toBe('a\nb\r\u001b[2J\u009b1m\u2028c\u202ed');
  });

  it('follows its level at run time', async () => {
    const lines = await written((logger) => {
      logger.log({ event: 'started' });
      expect(logger.writesInfo).toBe(true);
      logger.level = 'warn';
      logger.log({ event: 'reload' });
      logger.log({ event: 'log_level' });
      expect(logger.writesInfo).toBe(false);
      logger.level = 'silent';
      logger.log({ event: 'crashed' });
    });
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['started', 'log_level']);
  });

  it('writes lines of any length, in their order', async () => {
    const sizes = [1, 300_000, 5, 90_000, 90_000, 90_000, 1];
    const lines = await written((logger) => {
      for (const size of sizes) logger.log({ event: 'reload', text: 'é'.repeat(size) });
    });
    expect(lines.map((line) => JSON.parse(line).text.length)).toEqual(sizes);
  });
});

describe.skipIf(process.platform === 'win32')('a logger whose reader does not read', () => {
  it('drops and counts what does not fit its buffer, and writes the rest once it reads', async () => {
    const path = join(dir, 'pipe');
    execFileSync('mkfifo', [path]);
    // Opened for both ways, a pipe waits for nobody at either end.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const logger = new Logger({ level: 'info', format: 'json', to: fd, maxBufferBytes: 512 * 1024 });
    const many = 20_000;
    for (let i = 0; i < many; i++) logger.log({ event: 'reload', i, text: 'y'.repeat(50) });
    expect(logger.dropped).toBeGreaterThan(0);

    const reader = createReadStream(path, { encoding: 'utf8' });
    let text = '';
    reader.on('data', (piece) => {
      text += piece;
    });
    const end = once(reader, 'end');
    await logger.close();
    await end;
    const read = text.trimEnd().split('\n');
    expect(read.length + logger.dropped).toBe(many);
    expect(read.map((line) => JSON.parse(line).i)).toEqual(read.map((_, i) => i));
  });
});

describe('a timestamp', () => {
  it.each([0, 7, 86_399_999, 1_795_000_000_045, 1_795_000_000_999])('of %i is ISO 8601', (epochMs) => {
    expect(timestamp(epochMs)).toBe(new Date(epochMs).toISOString());
  });
});
