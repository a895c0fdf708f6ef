// Principals: who calls, as far as the gateway knows, and what the configuration says of that caller.

/** A token bucket. */
export interface RateRule {
  /** Requests a second in the long run. */
  readonly perSecond: number;
  /** Requests that may come at once; at least 1. */
  readonly burst: number;
}

/** What one client may use; compiled once at boot. */
export interface ClientPolicy {
  /** Calls in flight at once. */
  readonly concurrency: number;
  /** Calls that may wait for a slot, and how long each may, in ms. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** Undefined: no limit. */
  readonly rate: RateRule | undefined;
  /** Long-lived streams open at once. */
  readonly streams: number;
  readonly sessions: number;
  /** Bytes of request bodies in the process at once. */
  readonly bodyBytes: number;
  /** Undefined: as the pool or the limits for all have it. */
  readonly timeoutMs: number | undefined;
  readonly maxTimeoutMs: number | undefined;
  readonly responseChars: number | undefined;
  /** Whether a tool may be seen and called, by the name that clients see; undefined: every tool. */
  readonly allows: ((tool: string) => boolean) | undefined;
}

/** The caller. Limits, logs, sessions and cache scope go by it. */
export interface Principal {
  /** Names the client in limits, logs and metrics. */
  readonly id: string;
  /** What sessions are bound to; stable over a client's addresses and tokens. */
  readonly binding: string;
  /** Set where the configuration names this client; else the limits' own values apply. */
  readonly policy: ClientPolicy | undefined;
}

/** A caller without credentials, known by its address. Its sessions are bearer secrets: they may follow it anywhere. */
export function anonymous(address: string): Principal {
  return { id: address, binding: 'anonymous', policy: undefined };
}
