// Session durations: how long sessions of the older revisions lasted, at their end as far as the gateway sees it.
import type { Endpoint } from '../core/endpoint.ts';
import { knownRevision } from '../mcp/revisions.ts';
import { serverOf } from './attempts.ts';
import type { Histogram, Instruments, Labels } from './instruments.ts';
import { networkLabels } from './operations.ts';

/** Records sessions that have ended, by their clients or because nobody used them. */
export class SessionDurations {
  readonly #server: Histogram;
  readonly #client: Histogram;

  constructor(instruments: Instruments) {
    this.#server = instruments.histogram('mcp_server_session_duration_seconds');
    this.#client = instruments.histogram('mcp_client_session_duration_seconds');
  }

  /** A session of `revision` has ended that was opened at `openedAt`, in seconds since the epoch. */
  ended(openedAt: number, revision: string | undefined, endpoint: Endpoint | undefined): void {
    const seconds = Math.max(0, Date.now() / 1000 - openedAt);
    const known = knownRevision(revision);
    const labels: Labels = {
      ...(known !== undefined && { 'mcp.protocol.version': known }),
      ...networkLabels,
    };
    this.#server.series(labels).record(seconds);
    if (endpoint !== undefined) this.#client.series({ ...labels, ...serverOf(endpoint) }).record(seconds);
  }
}
