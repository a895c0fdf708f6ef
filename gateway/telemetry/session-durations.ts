// Session durations: how long sessions of the older revisions lasted, at their end as far as the gateway sees it.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { serverOf } from './attempts.ts';
import type { Histogram, Instruments, Labels } from './instruments.ts';
import { knownRevision, networkLabels } from './operations.ts';

/** Records sessions that have ended. Many never end in so many words: their clients just stay away. */
export class SessionDurations {
  readonly #server: Histogram;
  readonly #client: Histogram;

  constructor(instruments: Instruments) {
    this.#server = instruments.histogram('mcp_server_session_duration_seconds');
    this.#client = instruments.histogram('mcp_client_session_duration_seconds');
  }

  /** The client of `x` has ended the session, which was opened at `openedAt`, in seconds since the epoch. */
  ended(x: Exchange, openedAt: number, endpoint: Endpoint | undefined): void {
    const seconds = Math.max(0, Date.now() / 1000 - openedAt);
    const revision = knownRevision(x.inbound.protocolVersion);
    const labels: Labels = {
      ...(revision !== undefined && { 'mcp.protocol.version': revision }),
      ...networkLabels,
    };
    this.#server.series(labels).record(seconds);
    if (endpoint !== undefined) this.#client.series({ ...labels, ...serverOf(endpoint) }).record(seconds);
  }
}
