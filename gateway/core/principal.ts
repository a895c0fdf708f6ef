// Principals: who calls, as far as the gateway knows.

/** The caller. Limits, logs, sessions and cache scope go by it. */
export interface Principal {
  /** Names the client in limits, logs and metrics. */
  readonly id: string;
  /** What sessions are bound to; stable over a client's addresses and tokens. */
  readonly binding: string;
}

/** A caller without credentials, known by its address. Its sessions are bearer secrets: they may follow it anywhere. */
export function anonymous(address: string): Principal {
  return { id: address, binding: 'anonymous' };
}
