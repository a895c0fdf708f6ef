// Client policies: what each client may use, compiled from the configuration once.
import type { Config } from '../../config/schema.ts';
import { glob, memoized } from '../core/glob.ts';
import type { ClientPolicy, RateRule } from '../core/principal.ts';

type ClientConfig = Config['clients'][number];
type RateConfig = Config['limits']['rate'];

/** What a caller may use whom the configuration does not name. */
export function defaultPolicy(limits: Config['limits']): ClientPolicy {
  return {
    concurrency: limits.concurrency,
    queueSize: limits.queue.size,
    queueTimeoutMs: limits.queue.timeout,
    rate: rateRule(limits.rate),
    streams: limits.streams_per_client,
    sessions: limits.sessions,
    bodyBytes: limits.body_memory,
    timeoutMs: undefined,
    maxTimeoutMs: undefined,
    responseChars: undefined,
    allows: undefined,
  };
}

/** What the clients may use whom the configuration names, by id; what a client does not say is as in `limits`. */
export function clientPolicies({ clients, limits }: Config): ReadonlyMap<string, ClientPolicy> {
  const general = defaultPolicy(limits);
  return new Map(clients.map((client) => [client.id, { ...general, ...ownPolicy(client) }]));
}

function ownPolicy(client: ClientConfig): Partial<ClientPolicy> {
  const {
    concurrency,
    queue,
    rate,
    tools,
    sessions,
    streams_per_client: streams,
    body_memory: bodyBytes,
  } = client;
  return {
    timeoutMs: client.timeout,
    maxTimeoutMs: client.max_timeout,
    responseChars: client.response_chars,
    ...(streams !== undefined && { streams }),
    ...(sessions !== undefined && { sessions }),
    ...(bodyBytes !== undefined && { bodyBytes }),
    ...(concurrency !== undefined && { concurrency }),
    ...(queue !== undefined && { queueSize: queue.size, queueTimeoutMs: queue.timeout }),
    ...(rate !== undefined && { rate: rateRule(rate) }),
    ...(tools !== undefined && { allows: toolAccess(tools.allow, tools.deny) }),
  };
}

/** Whether a tool may be called: some glob must allow it and none deny it. */
export function toolAccess(allow: readonly string[], deny: readonly string[]): (tool: string) => boolean {
  const allowed = allow.map(glob);
  const denied = deny.map(glob);
  return memoized(
    (tool) => allowed.some((matches) => matches(tool)) && !denied.some((matches) => matches(tool)),
  );
}

function rateRule({ per_second, burst }: RateConfig): RateRule | undefined {
  if (per_second === 0) return undefined;
  return { perSecond: per_second, burst: Math.max(1, burst === 0 ? Math.ceil(per_second) : burst) };
}
