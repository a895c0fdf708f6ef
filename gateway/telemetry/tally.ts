// Tallies: what the calls of some time add up to, durations in a log-linear histogram of typed arrays.
import type { CacheStatus } from '../core/exchange.ts';
import { SLOW_MS } from '../core/slow-calls.ts';

/** The resolution below half a millisecond, and the unit of everything above. */
const UNITS_PER_MS = 16;
/** Each octave is cut into this many buckets: a duration is known to an eighth, its quantiles to about 5 %. */
const PER_OCTAVE = 8;
/** Over an hour is as good as an hour. */
const MAX_UNITS = 2 ** 26;
const BUCKETS = 25 * PER_OCTAVE;
/** Kinds of errors told apart in one minute. */
const MAX_ERROR_TYPES = 20;

const cacheStatuses: readonly CacheStatus[] = ['hit', 'stale', 'coalesced', 'miss', 'bypass'];

/** What the calls of some time add up to. */
export class Tally {
  calls = 0;
  errors = 0;
  /** Calls of over 2 s. */
  slow = 0;
  /** All durations, and the part of them that upstreams took. */
  durationMs = 0;
  upstreamMs = 0;
  readonly buckets = new Uint32Array(BUCKETS);
  readonly cache = new Uint32Array(cacheStatuses.length);
  /** Failed calls by error type, the many beyond the first ones left out. */
  readonly errorTypes = new Map<string, number>();

  /** `upstreamMs`: of `durationMs`. */
  record(
    durationMs: number,
    upstreamMs: number,
    errorType: string | undefined,
    cache: CacheStatus | undefined,
  ): void {
    this.calls++;
    if (durationMs > SLOW_MS) this.slow++;
    this.durationMs += durationMs;
    this.upstreamMs += upstreamMs;
    (this.buckets[bucketOf(durationMs)] as number)++;
    if (cache !== undefined) (this.cache[cacheStatuses.indexOf(cache)] as number)++;
    if (errorType === undefined) return;
    this.errors++;
    const before = this.errorTypes.get(errorType);
    if (before !== undefined || this.errorTypes.size < MAX_ERROR_TYPES) {
      this.errorTypes.set(errorType, (before ?? 0) + 1);
    }
  }

  add(other: Tally): void {
    this.calls += other.calls;
    this.errors += other.errors;
    this.slow += other.slow;
    this.durationMs += other.durationMs;
    this.upstreamMs += other.upstreamMs;
    for (let i = 0; i < BUCKETS; i++) (this.buckets[i] as number) += other.buckets[i] as number;
    for (let i = 0; i < cacheStatuses.length; i++) (this.cache[i] as number) += other.cache[i] as number;
    for (const [type, count] of other.errorTypes) {
      this.errorTypes.set(type, (this.errorTypes.get(type) ?? 0) + count);
    }
  }

  clear(): void {
    this.calls = 0;
    this.errors = 0;
    this.slow = 0;
    this.durationMs = 0;
    this.upstreamMs = 0;
    this.buckets.fill(0);
    this.cache.fill(0);
    this.errorTypes.clear();
  }

  cached(status: CacheStatus): number {
    return this.cache[cacheStatuses.indexOf(status)] as number;
  }

  /** The duration in ms that a share `q` of the calls stays within; undefined without calls. */
  quantile(q: number): number | undefined {
    if (this.calls === 0) return undefined;
    const rank = q * this.calls;
    let below = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.buckets[i] as number;
      if (count > 0 && below + count >= rank) {
        const from = lowerBound(i);
        return from + (lowerBound(i + 1) - from) * ((rank - below) / count);
      }
      below += count;
    }
    return lowerBound(BUCKETS);
  }
}

function bucketOf(ms: number): number {
  const units = Math.min(MAX_UNITS, ms * UNITS_PER_MS) | 0;
  if (units < PER_OCTAVE) return units;
  const octave = 31 - Math.clz32(units);
  return (octave - 2) * PER_OCTAVE + ((units >> (octave - 3)) & (PER_OCTAVE - 1));
}

/** The smallest duration of a bucket, in ms. */
function lowerBound(bucket: number): number {
  if (bucket < PER_OCTAVE) return bucket / UNITS_PER_MS;
  const octave = Math.floor(bucket / PER_OCTAVE) - 1;
  return ((PER_OCTAVE + (bucket % PER_OCTAVE)) * 2 ** octave) / UNITS_PER_MS;
}
