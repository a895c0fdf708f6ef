/** The sections about state and operation: `redis`, `session_keys`, `cache`, `log`, `advise` and `drain`. */
import { z } from 'zod';
import { duration, secret, size } from './fields.ts';

export const redis = z
  .strictObject({
    url: secret()
      .refine(
        (text) => /^rediss?:\/\/[^\s#]+$/.test(text) && URL.canParse(text),
        'must be a redis:// or rediss:// URL',
      )
      .describe('URL of the server, for example redis://127.0.0.1:6379.'),
    prefix: z.string().max(64).prefault('mcpgw:').describe('Put before every key.'),
    timeout: duration({ min: 1 })
      .prefault('50ms')
      .describe(
        'Longest wait for its answer: what it can cost a call. After that the call goes on without it.',
      ),
  })
  .optional()
  .describe('State shared between replicas. Without it everything works in memory.');

export const sessionKeys = z
  .array(secret())
  .prefault([])
  .transform((keys) => keys.filter((key) => key !== ''))
  .describe(
    'Keys that seal session ids, at least 32 bytes each: the first seals, all open. Empty: random at each start; with redis, one that all who share it agree on.',
  );

export const cache = z
  .strictObject({
    memory: size().prefault('64MiB').describe('Memory for cached results in each process.'),
    max_entry: size({ min: 1 }).prefault('1MiB').describe('Largest result kept.'),
  })
  .prefault({})
  .describe('Room for cached tool results; what is cached is said by pools[].tools.');

export const log = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .prefault('info')
      .describe('Least severe level written.'),
    format: z
      .enum(['json', 'logfmt', 'pretty'])
      .prefault('json')
      .describe('Form of the lines on standard output.'),
  })
  .prefault({})
  .describe('What is logged and how.');

export const advise = z
  .strictObject({
    tool: z
      .boolean()
      .prefault(false)
      .describe('Whether clients see the tool gateway_advice, which tells them what advise says.'),
  })
  .prefault({})
  .describe('Advice from live figures.');

export const drain = z
  .strictObject({
    delay: duration()
      .prefault('0s')
      .describe('How long the gateway keeps serving after SIGTERM while reporting not ready.'),
    timeout: duration()
      .prefault('25s')
      .describe('How long exchanges in flight may take to finish after that.'),
  })
  .prefault({})
  .describe('The way down after SIGTERM.');
