/** The rules under `pools[].tools`: policy for the tools whose names match. */
import { z } from 'zod';
import { count, duration, headerName, pattern, size, toolGlob } from './fields.ts';

const tag = () => pattern(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be a tag: 1 to 64 letters, digits or _ . : -');

const toolCache = z.strictObject({
  ttl: duration({ min: 1 }).describe('How long a result is fresh.'),
  scope: z
    .enum(['client', 'public'])
    .prefault('client')
    .describe('client keeps the entries of each caller apart; public shares them between all.'),
  stale_while_revalidate: duration()
    .prefault('0s')
    .describe('How long after ttl a stale result is served while one request fetches a new one.'),
  stale_if_error: duration()
    .prefault('0s')
    .describe('How long after ttl a stale result is served when the upstream fails.'),
  tags: z.array(tag()).prefault([]).describe('Names under which the entries can be purged.'),
  vary_on: z.array(headerName()).prefault([]).describe('Client headers whose values tell entries apart.'),
  max_entry: size({ min: 1 }).optional().describe('Largest result kept; otherwise as in cache.'),
});

export const toolRule = z.strictObject({
  match: toolGlob().describe("Glob on the upstream's own tool names."),
  timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call without progress; otherwise as in the pool.'),
  max_timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call whatever its progress; otherwise as in the pool.'),
  concurrency: count(1, 1_000_000)
    .optional()
    .describe('Calls in flight at once in one gateway; otherwise unlimited.'),
  response_chars: count(1, 1_000_000_000)
    .optional()
    .describe('Characters of text in a result; otherwise as in the pool.'),
  cache: toolCache.optional().describe('Keeps results; without it nothing is kept.'),
  invalidates: z.array(tag()).prefault([]).describe('Tags purged when a call of the tool succeeds.'),
  retry: z
    .enum(['never', 'safe'])
    .optional()
    .describe('safe: a call may be sent again even if it may have reached the upstream; never: it may not.'),
  hedge: z
    .strictObject({
      after: duration({ min: 1 }).describe('How long to wait before a second endpoint is asked too.'),
      budget_percent: z
        .number()
        .min(0)
        .max(100)
        .prefault(5)
        .describe('Hedged calls, in percent of all calls.'),
    })
    .optional()
    .describe('Asks a second endpoint when the first is slow; only calls that are safe to send twice.'),
});
