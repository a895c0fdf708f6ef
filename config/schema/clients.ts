/** The `auth`, `clients` and `limits` sections: who calls, and how much each caller may use. */
import { z } from 'zod';
import { count, duration, httpUrl, pattern, secret, size, toolGlob } from './fields.ts';

export const auth = z
  .strictObject({
    mode: z
      .enum(['none', 'required'])
      .prefault('none')
      .describe('required refuses every caller without a valid API key or token.'),
    jwt: z
      .strictObject({
        issuer: httpUrl().describe("The `iss` every token must carry, the authorization server's URL."),
        audience: httpUrl().describe('The `aud` every token must carry, usually the public URL.'),
        jwks_uri: httpUrl().describe("URL of the issuer's public keys."),
        client_claim: z.string().min(1).prefault('sub').describe('Claim that names the client.'),
        scopes: z
          .array(
            pattern(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope: printable characters without spaces'),
          )
          .prefault([])
          .describe('Scopes that every token must have; others are answered 403 with insufficient_scope.'),
      })
      .optional()
      .describe('Accepts signed access tokens as credentials.'),
  })
  .prefault({})
  .describe('Whether and how callers prove who they are.');

const rate = z.strictObject({
  per_second: z.number().min(0).prefault(0).describe('Requests a second in the long run; 0 is off.'),
  burst: count(0, 1_000_000)
    .prefault(0)
    .describe('Requests that may come at once; 0 means as many as per_second.'),
});

const queue = z.strictObject({
  size: count(0, 1_000_000).prefault(100).describe('Requests that may wait for a slot.'),
  timeout: duration().prefault('5s').describe('Longest wait for a slot, then 429.'),
});

const client = z.strictObject({
  id: pattern(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable characters without spaces').describe(
    'Name of the client in logs and metrics, or the value of the token claim that names it.',
  ),
  api_key: secret().min(1).optional().describe('Bearer key that identifies the client.'),
  api_key_sha256: pattern(/^[0-9a-f]{64}$/i, 'must be a SHA-256 digest: 64 hexadecimal digits')
    .optional()
    .describe('SHA-256 of the key, in hexadecimal, so that the file need not hold the key.'),
  concurrency: count(1, 1_000_000).optional().describe('Calls in flight at once; otherwise as in limits.'),
  queue: queue.optional().describe('Waiting room for calls over concurrency; otherwise as in limits.'),
  rate: rate.optional().describe('Rate limit; otherwise as in limits.'),
  timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call that reports no progress; otherwise as in the pool.'),
  max_timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call, however much progress it reports; otherwise as in the pool.'),
  response_chars: count(1, 1_000_000_000)
    .optional()
    .describe('Characters of text in a tool result; otherwise as in the pool.'),
  streams_per_client: count(1, 1_000_000)
    .optional()
    .describe('Open GET and subscriptions/listen streams; otherwise as in limits.'),
  sessions: count(1, 10_000_000).optional().describe('Sessions held; otherwise as in limits.'),
  body_memory: size({ min: 1024 })
    .optional()
    .describe('Memory for the bodies of its requests; otherwise as in limits.'),
  tools: z
    .strictObject({
      allow: z
        .array(toolGlob())
        .prefault(['*'])
        .describe('Globs of the tools the client may call, as clients see their names.'),
      deny: z.array(toolGlob()).prefault([]).describe('Globs of the tools it may not call; wins over allow.'),
    })
    .optional()
    .describe('Tools the client may see and call; otherwise all.'),
});

export const clients = z
  .array(client)
  .prefault([])
  .describe('Known callers. An unlisted one is known by the subject of its token, else by its address.');

export const limits = z
  .strictObject({
    concurrency: count(1, 1_000_000).prefault(10).describe('Calls in flight at once.'),
    queue: queue.prefault({}).describe('Waiting room for calls over concurrency.'),
    rate: rate.prefault({}).describe('Rate limit, a token bucket.'),
    timeout: duration({ min: 1 })
      .prefault('30s')
      .describe('Longest wait for a call that reports no progress.'),
    max_timeout: duration({ min: 1 })
      .prefault('10m')
      .describe('Longest wait for a call, however much progress it reports.'),
    response_chars: count(1, 1_000_000_000)
      .prefault(50_000)
      .describe('Characters of text in a tool result; longer results are truncated.'),
    max_response: size({ min: 1024 })
      .prefault('16MiB')
      .describe('Largest answer of an upstream to a call; a larger one is an error.'),
    keep_full_results: z
      .boolean()
      .prefault(true)
      .describe("Whether a truncated result's full text can be read back through a resource link."),
    result_ttl: duration({ min: 1 }).prefault('10m').describe('How long full results are kept.'),
    sessions: count(1, 10_000_000)
      .prefault(10_000)
      .describe('Sessions held; beyond, the least recently used idle one ends.'),
    all_sessions: count(1, 10_000_000)
      .prefault(50_000)
      .describe('Sessions held for all clients together, by each process; the same one ends first.'),
    session_idle: duration({ min: 1 })
      .prefault('30m')
      .describe('A session ends when nothing has used it for this long and none of its streams is open.'),
    session_ttl: duration({ min: 1 })
      .prefault('24h')
      .describe('Longest life of a session, however busy; a sealed id dies then.'),
    streams_per_client: count(1, 1_000_000)
      .prefault(20)
      .describe('Open GET and subscriptions/listen streams.'),
    body_memory: size({ min: 1024 })
      .prefault('64MiB')
      .describe(
        'Memory for the bodies of requests that come in pieces, until they are answered; never less than listen.max_body.',
      ),
    all_body_memory: size({ min: 1024 })
      .prefault('256MiB')
      .describe('The same for all clients together, in each process.'),
  })
  .prefault({})
  .describe("Each client's own limits, unless the client says otherwise.");
