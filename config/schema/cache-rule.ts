/** Cache rules: `pools[].tools[].cache` and `pools[].cache`. */
import { z } from 'zod';
import { duration, pattern, size, TOKEN } from './fields.ts';

export const tag = () =>
  pattern(/^[A-Za-z0-9_.:-]{1,64}$/, 'must be a tag: 1 to 64 letters, digits or _ . : -');

const lifetimes = {
  ttl: duration({ min: 1 }).describe(
    'How long a result is fresh. Up to a tenth less, so that not all end at once.',
  ),
  stale_while_revalidate: duration()
    .prefault('0s')
    .describe('How long after ttl a stale result is served while one request fetches a new one.'),
  stale_if_error: duration()
    .prefault('0s')
    .describe('How long after ttl a stale result is served when the upstream fails.'),
  tags: z.array(tag()).prefault([]).describe('Names under which the entries can be purged.'),
  max_entry: size({ min: 1 }).optional().describe('Largest result kept; otherwise as in cache.'),
};

const ARGUMENTS = 'arguments.';

/** Header names say the same in either case, names of arguments do not (JSON-RPC 2.0, section 2). */
function variedName() {
  return pattern(TOKEN, 'is neither a header name nor arguments.NAME').transform((name) => {
    const lower = name.toLowerCase();
    return lower.startsWith(ARGUMENTS) ? ARGUMENTS + name.slice(ARGUMENTS.length) : lower;
  });
}

export const toolCache = z.strictObject({
  ...lifetimes,
  scope: z
    .enum(['client', 'public'])
    .prefault('client')
    .describe('client keeps the entries of each caller apart; public shares them between all.'),
  vary_on: z
    .array(variedName())
    .prefault([])
    .describe(
      'What tells entries apart: client headers by name, and arguments as arguments.NAME (or arguments.NAME.NAME). With an argument listed, the other arguments do not count.',
    ),
});

const listCache = z.strictObject({
  ...lifetimes,
  scope: z
    .enum(['session', 'client', 'public'])
    .prefault('session')
    .describe('Whose requests share an entry. Before 2026-07-28 every list may differ by session.'),
});

export const poolCache = z
  .strictObject({
    stated: z
      .boolean()
      .prefault(true)
      .describe(
        'Keep lists, reads and discovery for as long as the servers themselves say (2026-07-28: ttlMs).',
      ),
    trust_scope: z
      .boolean()
      .prefault(false)
      .describe(
        'Share what the servers call public between clients that are told apart. Some SDKs call everything public.',
      ),
    lists: listCache
      .optional()
      .describe(
        'Keep lists and reads of sessionful clients (2025-11-25 and older); without it nothing is kept.',
      ),
    read_only_tools: toolCache
      .optional()
      .describe(
        'Keep results of every tool that says readOnlyHint: true and openWorldHint: false and has no rule of its own. Needs trust_annotations.',
      ),
    client_control: z
      .boolean()
      .prefault(false)
      .describe(
        'Let clients go past the cache: Cache-Control: no-cache or no-store, or "mcp-gateway/cache": "refresh" or "bypass" in _meta.',
      ),
  })
  .prefault({})
  .describe('What is kept beside the results of single tools.');
