/** An entry of `pools`: a named set of endpoints for one service, and how they are used. */
import { z } from 'zod';
import { poolCache } from './cache-rule.ts';
import { endpoint } from './endpoint.ts';
import { count, duration, headerName, headerValue, pattern, secret } from './fields.ts';
import { toolRule } from './tool-rule.ts';
import { upstreamTls } from './upstream-tls.ts';

const health = z.strictObject({
  interval: duration({ min: 100 }).prefault('10s').describe('Time between two active checks of an endpoint.'),
  timeout: duration({ min: 1 }).prefault('2s').describe('Longest wait for the answer to a check.'),
  path: pattern(/^\/[^\s#]*$/, 'must be a path that begins with /')
    .optional()
    .describe(
      'Path to ask with a plain GET, with the headers of the pool, to be answered with a status of 200 to 299. When absent: the servers are asked in MCP.',
    ),
  unhealthy_after: count(1, 100).prefault(3).describe('Failed checks in a row that take the endpoint out.'),
  healthy_after: count(1, 100).prefault(1).describe('Passed checks in a row that bring it back.'),
});

const outlier = z.strictObject({
  consecutive_failures: count(1, 1000)
    .prefault(5)
    .describe('Failed exchanges in a row that eject the endpoint.'),
  ejection: duration({ min: 1 })
    .prefault('30s')
    .describe('How long the first ejection lasts; later ones last longer.'),
  max_ejected_percent: count(0, 100)
    .prefault(50)
    .describe('Endpoints that may be ejected at once, in percent.'),
});

const retry = z.strictObject({
  attempts: count(1, 10).prefault(2).describe('Attempts that may reach an upstream, the first one included.'),
  budget_percent: z.number().min(0).max(100).prefault(20).describe('Retries, in percent of all requests.'),
});

/** The name of a pool; `__` is kept free because it joins pool and tool names. */
export const poolName = () =>
  pattern(
    /^(?!.*__)[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
    'must be a pool name: 1 to 63 letters, digits, - or _, beginning with a letter or digit, without __',
  );

export const pool = z.strictObject({
  name: poolName().describe('Name of the pool, unique in the file.'),
  endpoints: z.array(endpoint).prefault([]).describe('The servers. Needed by every transport but stdio.'),
  transport: z
    .enum(['streamable_http', 'sse', 'stdio'])
    .prefault('streamable_http')
    .describe(
      'How the servers speak: Streamable HTTP, the older HTTP with SSE, or a process started by the gateway.',
    ),
  command: z.array(z.string().min(1)).min(1).optional().describe('stdio: the program and its arguments.'),
  env: z
    .record(z.string().min(1), secret())
    .optional()
    .describe('stdio: environment variables of the process.'),
  cwd: z
    .string()
    .min(1)
    .optional()
    .describe("stdio: the process's working directory. When absent: the gateway's."),
  replicas: count(1, 256).optional().describe('stdio: processes to run. When absent: 1.'),
  era: z
    .enum(['auto', 'legacy', 'modern'])
    .prefault('auto')
    .describe(
      'Revisions the servers speak: legacy is 2025-11-25 and older, modern is 2026-07-28; auto asks them. Otherwise the gateway goes by this in what it asks itself, and never tries the other.',
    ),
  balance: z
    .enum(['least_connections', 'round_robin', 'power_of_two', 'peak_ewma', 'rendezvous'])
    .prefault('least_connections')
    .describe('How an endpoint is chosen.'),
  affinity: z
    .enum(['session', 'client', 'none'])
    .prefault('session')
    .describe('What stays at one endpoint: a session, everything of a client, or nothing.'),
  session_recovery: z
    .enum(['auto', 'always', 'never'])
    .prefault('auto')
    .describe(
      'Whether a session lost upstream is made anew; auto does so only if nothing the session did could have left state behind.',
    ),
  connections: count(1, 100_000).prefault(100).describe('Sockets for each endpoint.'),
  connect_timeout: duration({ min: 1 })
    .prefault('2s')
    .describe('Longest wait for a connection to an endpoint.'),
  keep_alive: duration()
    .prefault('4s')
    .describe('How long an idle socket is kept. Stay below what the servers allow; their own hint wins.'),
  max_in_flight: count(0, 1_000_000)
    .prefault(0)
    .describe('Exchanges in flight for each endpoint; 0 is unlimited.'),
  headers: z.record(headerName(), headerValue()).prefault({}).describe('Headers sent to the servers.'),
  forward_headers: z
    .array(headerName())
    .prefault([])
    .describe("Clients' headers that cross to the servers; Authorization only if named."),
  trust_annotations: z
    .boolean()
    .prefault(false)
    .describe("Whether to believe the servers' readOnlyHint and the like."),
  timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call that reports no progress; otherwise as in limits.'),
  max_timeout: duration({ min: 1 })
    .optional()
    .describe('Longest wait for a call, however much progress it reports; otherwise as in limits.'),
  response_chars: count(1, 1_000_000_000)
    .optional()
    .describe('Characters of text in a tool result; otherwise as in limits.'),
  cache: poolCache,
  tls: upstreamTls
    .optional()
    .describe('TLS to https endpoints; endpoints found by dns are spoken to in https when it is there.'),
  health: health.prefault({}).describe('Active checks of the endpoints.'),
  outlier: outlier.prefault({}).describe('Ejection of endpoints whose exchanges fail.'),
  retry: retry.prefault({}).describe('Sending again what is safe to send again.'),
  pin: z
    .enum(['off', 'warn', 'block'])
    .prefault('off')
    .describe('What happens when tool definitions changed since they were approved.'),
  tools: z.array(toolRule).prefault([]).describe('Rules for single tools; the first that matches wins.'),
});
