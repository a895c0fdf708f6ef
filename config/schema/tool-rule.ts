/** The rules under `pools[].tools`: policy for the tools whose names match. */
import { z } from 'zod';
import { tag, toolCache } from './cache-rule.ts';
import { count, duration, toolGlob } from './fields.ts';

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
      after: z
        .union([z.literal('p95'), duration({ min: 1 })])
        .describe(
          'How long to wait before a second endpoint is asked too; p95: longer than 95 % of calls take.',
        ),
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
