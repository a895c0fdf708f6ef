// What outlives a reload of the configuration: what is learnt, counted or kept, as opposed to what is merely configured.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema.ts';
import type { SessionCodec } from './core/session.ts';
import { Concurrency } from './limits/concurrency.ts';
import { MemoryBuckets } from './limits/memory-buckets.ts';
import { MemoryResults } from './limits/result-store.ts';
import { EndedSessions } from './sessions/ended-sessions.ts';
import { SealedIds } from './sessions/sealed-id.ts';
import { SessionRecords } from './sessions/session-records.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** One process's memory. Each reload is given the same one; the gateway built from a file only borrows from it. */
export class Shared {
  readonly telemetry: Telemetry;
  readonly ended = new EndedSessions();
  readonly records = new SessionRecords(undefined);
  readonly buckets = new MemoryBuckets();
  readonly results = new MemoryResults();
  /** Calls in flight and in queues, by client: a reload must not let twice as many in. */
  readonly concurrency: Concurrency;
  readonly #randomKey = randomBytes(32).toString('base64');
  #keys: readonly string[] = [];
  #codec: SessionCodec | undefined = undefined;

  constructor(telemetry: Telemetry) {
    this.telemetry = telemetry;
    const waits = telemetry.instruments.histogram('mcp_gateway_queue_wait_seconds').series({});
    this.concurrency = new Concurrency({ fleet: undefined, waited: (ms) => waits.record(ms / 1000) });
    telemetry.byClient('mcp_gateway_queue_depth', () => this.concurrency.depths());
  }

  /** The codec of the configured keys, or of one made at start, so that sessions survive a reload without any. */
  codec({ session_keys }: Config): SessionCodec {
    const keys = session_keys.length > 0 ? session_keys : [this.#randomKey];
    if (this.#codec === undefined || !isDeepStrictEqual(keys, this.#keys)) {
      this.#keys = keys;
      this.#codec = new SealedIds(keys);
    }
    return this.#codec;
  }
}
