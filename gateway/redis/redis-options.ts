// How the Redis client is tuned: it fails at once rather than wait, queue or send again.
import type { RedisOptions } from 'ioredis';

const CONNECT_TIMEOUT_MS = 500;
const FIRST_RETRY_MS = 100;
/** Longest wait before the next attempt to connect, in ms: a server that is back is used again soon. */
const MAX_RETRY_MS = 1000;

/** Wait before connection attempt `attempt` (from 1), in ms, spread so that replicas do not come all at once. */
export function retryDelay(attempt: number, random: () => number): number {
  const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
  return Math.round(delay * (0.75 + random() / 4));
}

/** Options of the connection that commands take; `timeoutMs` is for each. `delay` gives the wait before each attempt to connect. */
export function commandOptions(timeoutMs: number, delay: (attempt: number) => number) {
  return {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: timeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    maxLoadingRetryTime: MAX_RETRY_MS,
    disableClientInfo: true,
    retryStrategy: delay,
  } satisfies RedisOptions;
}

/** How often the connection for messages is asked for a sign of life, and how long it may take to give one, in ms. */
export const HEARTBEAT_MS = 500;

/** Options of the connection that messages come over: patient, but a server that hangs is noticed within a second. */
export function messageOptions(delay: (attempt: number) => number) {
  return {
    ...commandOptions(HEARTBEAT_MS, delay),
    socketTimeout: HEARTBEAT_MS,
    autoResubscribe: false,
  } satisfies RedisOptions;
}
